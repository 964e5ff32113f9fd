import ArgumentParser
import ControlProtocol

struct CompletionVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a completion script for a shell.",
        discussion: """
            bash:  roostctl completion bash > /etc/bash_completion.d/roostctl
            zsh:   roostctl completion zsh > /usr/local/share/zsh/site-functions/_roostctl
            fish:  roostctl completion fish > ~/.config/fish/completions/roostctl.fish
            """)

    @Argument(
        help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]),
        transform: { text in
            guard let shell = CompletionShell(rawValue: text) else {
                throw ValidationError("There is no completion for \"\(text)\"; say bash, zsh or fish.")
            }
            return shell
        })
    var shell: CompletionShell

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let script = Roostctl.completionScript(for: shell) + "\n"
        try write(shell == .bash ? script + CompletionVerb.bashColons : script)
    }
}
