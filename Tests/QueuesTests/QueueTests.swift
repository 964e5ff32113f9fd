import Queues
import Testing
