"""The benchmarks of Roost; see `Benchmarks/run --help`."""
