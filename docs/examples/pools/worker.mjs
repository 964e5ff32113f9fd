#!/usr/bin/env node
// A worker of a Roost pool: a JSON task a line on standard input, a JSON answer a line on standard output.

/** What this worker is for: any JSON value in, any JSON value out. What it throws becomes {"error": ...}. */
async function work(task) {
  return { sum: task.numbers.reduce((sum, number) => sum + number, 0) };
}

// Answers go to standard output, and nothing else does: console.log and the like go to standard error, the log.
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

async function answered(line) {
  try {
    return JSON.stringify((await work(JSON.parse(line))) ?? null);
  } catch (error) {
    console.error(error);
    return JSON.stringify({ error: String(error) });
  }
}

// Not by node:readline: that ends lines at U+2028 too, which JSON may hold.
let rest = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) answer((await answered(line)) + "\n");
}
