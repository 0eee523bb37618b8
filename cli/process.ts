/** The command line as a process: signals, streams and the exit code; the rest is `run.ts`. */

import type { CommandEntry } from "./commands/index.ts";
import { explain, runCommandLine } from "./run.ts";

/** Runs this process's command line and ends the process. */
export async function runProcess(commands: Readonly<Record<string, CommandEntry>>): Promise<void> {
  // a progress bar may stand where a message is about to be written
  const clearLine = process.stderr.isTTY ? "\r\u001b[K" : "";
  const io = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(clearLine + text),
  };
  // thrown in a callback of a socket or a thread, where no command can catch it
  process.on("uncaughtException", (error) => process.exit(explain(error, io)));
  // a reader that has seen enough (`| head`) is no error
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 70);
  });
  const signal = interruption();
  const code = await runCommandLine(process.argv.slice(2), { commands, io, signal });
  // threads and sockets of a command that failed must not keep the process alive
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

/** Aborted by the first Ctrl-C; the second ends the process there and then. */
function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(130);
      process.stderr.write("\nStopping at the next whole step; once more to stop at once.\n");
      interrupted.abort();
    });
  }
  return interrupted.signal;
}
