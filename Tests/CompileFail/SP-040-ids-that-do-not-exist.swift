import Subprocesses

func impossibleIds() {
    // SP-040: ids have no sign and 32 bits.
    _ = Command.Credentials(user: -1, group: 0)  // error: negative integer '-1' overflows
    _ = Command.Credentials(user: 18_446_744_073_709_551_616, group: 0)  // error: overflows
}
