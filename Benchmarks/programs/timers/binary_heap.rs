// Rust's std::collections::BinaryHeap with a mark for what was cancelled; the workload of workload.h.
use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

fn processor_time() -> i64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(2, &mut time) };
    time.seconds * 1_000_000_000 + time.nanoseconds
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E3779B97F4A7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        ((self.next() as u128 * limit as u128) >> 64) as u64
    }
}

#[derive(Default)]
struct Timers {
    heap: BinaryHeap<Reverse<(i64, u64, u32, u32)>>,
    nodes: Vec<(u64, u32)>,
    free: Vec<u32>,
    insertions: u64,
}

impl Timers {
    fn insert(&mut self, deadline: i64, payload: u64) -> (u32, u32) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.nodes.push((0, 0));
            self.nodes.len() as u32 - 1
        });
        let node = &mut self.nodes[index as usize];
        node.0 = payload;
        node.1 += 1;
        let generation = node.1;
        self.heap.push(Reverse((deadline, self.insertions, index, generation)));
        self.insertions += 1;
        (index, generation)
    }

    fn release(&mut self, index: u32) {
        self.nodes[index as usize].1 += 1;
        self.free.push(index);
    }

    fn cancel(&mut self, handle: (u32, u32)) -> bool {
        let waits = self.nodes[handle.0 as usize].1 == handle.1;
        if waits {
            self.release(handle.0);
        }
        waits
    }

    fn next(&mut self) -> Option<i64> {
        while let Some(Reverse((deadline, _, index, generation))) = self.heap.peek() {
            if self.nodes[*index as usize].1 == *generation {
                return Some(*deadline);
            }
            self.heap.pop();
        }
        None
    }

    fn pop(&mut self, now: i64) -> Option<u64> {
        if self.next()? > now {
            return None;
        }
        let Reverse((_, _, index, _)) = self.heap.pop()?;
        self.release(index);
        Some(self.nodes[index as usize].0)
    }
}

const HOUR: i64 = 3_600_000_000_000;
const TIMEOUT: i64 = 30_000_000_000;

fn measure(timers: &mut Timers, is_new: bool, pass: i64, n: usize) {
    let mut random = Random((pass + 2) as u64);
    let mut start = (pass + 2) * 10_000_000_000_000;
    let deadlines: Vec<i64> = (0..n).map(|_| start + random.below(HOUR as u64) as i64).collect();
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, random.below(i as u64 + 1) as usize);
    }
    let mut handles = Vec::with_capacity(n);
    let t0 = processor_time();
    for i in 0..n {
        handles.push(timers.insert(deadlines[i], i as u64));
    }
    let t1 = processor_time();
    let cancelled = order[..n / 2].iter().filter(|i| timers.cancel(handles[**i])).count();
    let t2 = processor_time();
    let (mut fired, mut sum) = (0, 0);
    while let Some(now) = timers.next() {
        while let Some(payload) = timers.pop(now) {
            fired += 1;
            sum += payload;
        }
    }
    let t3 = processor_time();
    assert!(cancelled == n / 2 && fired == n - n / 2);
    assert!(sum == order[n / 2..].iter().map(|i| *i as u64).sum());
    if is_new {
        *timers = Timers::default();
    }
    start += 2 * HOUR;
    for i in 0..n {
        handles[i] = timers.insert(start + TIMEOUT + i as i64, i as u64);
    }
    let t4 = processor_time();
    for i in 0..2 * n {
        let chosen = random.below(n as u64) as usize;
        assert!(timers.cancel(handles[chosen]));
        handles[chosen] = timers.insert(start + TIMEOUT + (n + i) as i64 * 1000, chosen as u64);
    }
    let t5 = processor_time();
    for handle in handles {
        assert!(timers.cancel(handle));
    }
    if is_new {
        *timers = Timers::default();
    }
    if pass >= 0 {
        let per = |time: i64, count: usize| time as f64 / count as f64;
        println!(
            "{:.2} {:.2} {:.2} {:.2}",
            per(t1 - t0, n),
            per(t2 - t1, n / 2),
            per(t3 - t2, fired),
            per(t5 - t4, 2 * n)
        );
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let (n, passes): (usize, i64) = (words[1].parse().unwrap(), words[2].parse().unwrap());
    let is_new = words[3] == "new";
    let mut timers = Timers::default();
    for pass in (if is_new { 0 } else { -1 })..passes {
        measure(&mut timers, is_new, pass, n);
    }
}
