// Subprocesses
