import CommandLine
import Glibc

exit(Roostctl.run(Array(Swift.CommandLine.arguments.dropFirst())).rawValue)
