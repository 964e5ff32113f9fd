import CommandLine
import Glibc

// Swift would mend what is no UTF-8, and another command would run than was typed.
let arguments = (1..<max(1, Int(Swift.CommandLine.argc))).map { number in
    Swift.CommandLine.unsafeArgv[number].flatMap { String(validatingCString: $0) }
}
exit(Roostctl.run(arguments).rawValue)
