// TH-037: a semaphore has whole permits.
import Threading

let half = Semaphore(0.5)  // error: cannot convert value of type 'Double' to expected argument type 'Int'
let none = BoundedSemaphore(.nan)  // error: has no member 'nan'
