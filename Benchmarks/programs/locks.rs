// How long COUNT turns take with a primitive of the standard library, as locks.py:
// `locks-rust PRIMITIVE KIND THREADS COUNT`, where PRIMITIVE is lock or condition.
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let waits = arguments[1] == "condition";
    let parties: i64 = arguments[3].parse().unwrap();
    let share = arguments[4].parse::<i64>().unwrap() / parties;
    let shared = Arc::new((Mutex::new(0i64), Condvar::new()));
    let start = Arc::new(Barrier::new(parties as usize + 1));
    let threads: Vec<_> = (0..parties)
        .map(|own| {
            let (shared, start) = (shared.clone(), start.clone());
            thread::spawn(move || {
                let (mutex, condition) = &*shared;
                start.wait();
                for _ in 0..share {
                    let mut number = mutex.lock().unwrap();
                    if waits {
                        while *number != own {
                            number = condition.wait(number).unwrap();
                        }
                        *number = 1 - own;
                        drop(number);
                        condition.notify_one();
                    } else {
                        *number += 1;
                    }
                }
            })
        })
        .collect();
    start.wait();
    let began = Instant::now();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    println!("{}", began.elapsed().as_nanos());
    assert!(waits || *shared.0.lock().unwrap() == share * parties);
}
