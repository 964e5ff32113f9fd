// What the tests of Multiprocessing run in other processes.
import Multiprocessing
import MultiprocessingTasks

try Worker.begin(Tasks.all)
print("this program is a worker: it is started by the tests of Multiprocessing")
