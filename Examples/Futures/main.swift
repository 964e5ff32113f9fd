import Futures

print(FutureState.pending)
