import { Worker } from 'node:worker_threads';

/** What runs in a process of a lane: the functions of the program that it is told (worker.ts), asked one at a time over the channel to the server. */
const handlers: Promise<Record<string, (message: unknown) => Promise<unknown>>> = import(process.argv[2] ?? '');

// Ctrl-C reaches the whole group: the server decides when this one ends, and its own end is this one's.
process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined).on('disconnect', () => { process.exit(); });
// A model in native code hears nothing of that. This thread does: when the server was killed, the process ends with whatever it is at.
new Worker("const { workerData } = require('node:worker_threads'); setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL'); }, 2000);", { eval: true, workerData: process.ppid }).unref();
process.on('message', ({ name, message }: { name: string; message: unknown }) => {
  void handlers.then(async (known) => process.send?.(await known[name]?.(message)));
});
