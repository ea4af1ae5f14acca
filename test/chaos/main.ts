/** `npm run chaos`: a run of any length, repeatable by its seed. Exit status 1 when something was lost or is stuck. */
import { parseArgs } from 'node:util';
import { NO_PROC } from '../support/processes.ts';
import { formatRun } from './report.ts';
import { type RunOptions, runChaos } from './run.ts';

const USAGE = `usage: npm run chaos -- [options]

  --seconds N   length of the storm (60); before and after it come a few seconds of calm
  --seed N      repeat the plan of a run (a new one)
  --clients N   clients that send requests all the time (24)
`;

const DEFAULTS = { seconds: '60', clients: '24', seed: String(Math.floor(Math.random() * 1e6)) };

function readOptions(): RunOptions | string {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string' },
        seed: { type: 'string' },
        clients: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return USAGE;
    if (NO_PROC) throw new Error(`chaos runs on Linux only: ${NO_PROC}`);
    const number = (name: keyof typeof DEFAULTS, min: number, max: number): number => {
      const text = values[name] ?? DEFAULTS[name];
      if (/^\d{1,10}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
      throw new Error(`--${name}: found "${text}", allowed are whole numbers from ${min} to ${max}`);
    };
    return {
      seconds: number('seconds', 1, 86_400),
      seed: number('seed', 0, 2 ** 32 - 1),
      clients: number('clients', 1, 500),
    };
  } catch (error) {
    process.exitCode = 2;
    return `${(error as Error).message}\n\n${USAGE}`;
  }
}

// The server does not outlive us: see test/support/vivarium.ts.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const options = readOptions();
if (typeof options === 'string') {
  process.stdout.write(options);
} else {
  const { seconds, seed, clients } = options;
  process.stdout.write(`npm run chaos -- --seconds ${seconds} --clients ${clients} --seed ${seed}\n`);
  const run = await runChaos(options);
  process.stdout.write(formatRun(run));
  process.exitCode = run.verdicts.length === 0 ? 0 : 1;
}
