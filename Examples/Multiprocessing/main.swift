import Multiprocessing

print(StartMethod.allCases)
