import Glibc
import Subprocesses

/// With SIGCHLD ignored, the kernel forgets how children ended.
func ignoredChildSignal() throws {
    signal(SIGCHLD, SIG_IGN)
    let child = try Subprocess(["true"])
    guard child.wait() == .unknown, try run(["true"]).status == .unknown else { exit(1) }
    guard try run(["echo", "x"], output: .capture, timeout: .seconds(60)).outputText == "x\n" else { exit(2) }
}

/// Descriptors above a limit that was lowered after they were opened.
func loweredLimit() throws {
    let strays = (0..<32).map { _ in open("/dev/null", O_RDONLY) }
    var limit = rlimit(rlim_cur: rlim_t(strays[6]), rlim_max: 4096)
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(1) }
    // Room for the file, the pipe and the pidfd; 26 are above the limit.
    for stray in strays.prefix(6) { close(stray) }
    for oldKernel in [false, true] {
        let script = "ls -l /proc/$$/fd | grep -c ' -> /dev/null'"
        // The shell closes its ends of the pipe while they are listed, and `ls` may complain of that.
        let process = try? run(
            Command(["sh", "-c", script]) { $0.pretendsOldKernel = oldKernel },
            input: .file("/proc/self/comm"), output: .capture, error: .descriptor(STDERR_FILENO))
        guard process?.output == Array("0\n".utf8) else { exit(2) }
    }
}
