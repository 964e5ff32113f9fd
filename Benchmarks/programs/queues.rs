// How long it takes to pass COUNT items through a queue of the standard library, as queues.py:
// `queues-rust mpsc PRODUCERS CONSUMERS CAPACITY COUNT`. Its channels have one consumer; several share it by a lock.
use std::sync::mpsc::{channel, sync_channel, Receiver, Sender, SyncSender};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Instant;

#[derive(Clone)]
enum End {
    Bounded(SyncSender<i64>),
    Unbounded(Sender<i64>),
}

impl End {
    fn put(&self, item: i64) {
        match self {
            End::Bounded(end) => end.send(item).unwrap(),
            End::Unbounded(end) => end.send(item).unwrap(),
        }
    }
}

fn consume(receiver: &Mutex<Receiver<i64>>, share: i64, alone: bool) -> i64 {
    if alone {
        let end = receiver.lock().unwrap();
        return (0..share).map(|_| end.recv().unwrap()).sum();
    }
    (0..share).map(|_| receiver.lock().unwrap().recv().unwrap()).sum()
}

fn main() {
    let numbers: Vec<i64> = std::env::args().skip(2).map(|text| text.parse().unwrap()).collect();
    let (producers, consumers, capacity, count) = (numbers[0], numbers[1], numbers[2], numbers[3]);
    let (sender, receiver) = if capacity > 0 {
        let (sender, receiver) = sync_channel(capacity as usize);
        (End::Bounded(sender), receiver)
    } else {
        let (sender, receiver) = channel();
        (End::Unbounded(sender), receiver)
    };
    let receiver = Arc::new(Mutex::new(receiver));
    let start = Arc::new(Barrier::new((producers + consumers + 1) as usize));
    let mut threads = Vec::new();
    for _ in 0..producers {
        let (start, sender) = (start.clone(), sender.clone());
        threads.push(thread::spawn(move || {
            start.wait();
            (0..count / producers).for_each(|item| sender.put(item));
            0
        }));
    }
    for _ in 0..consumers {
        let (start, receiver) = (start.clone(), receiver.clone());
        threads.push(thread::spawn(move || {
            start.wait();
            consume(&receiver, count / consumers, consumers == 1)
        }));
    }
    start.wait();
    let began = Instant::now();
    let sum: i64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    println!("{}", began.elapsed().as_nanos());
    let share = count / producers;
    assert_eq!(sum, producers * (share * (share - 1) / 2));
}
