// npm test: sets everything up, then checks, unit, integration and end-to-end tests, and one count over all of them as the last line.
// --only check|unit|integration|e2e runs one stage.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { environment, giveUp, root, run, setUp } from './setup.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };
const broken = [];

/** A command that passes or fails as a whole. */
async function check(name, command, args) {
  process.stdout.write(`\n── ${name}\n`);
  const { code } = await run(command, args, { show: true });
  if (code === 0) total.passed += 1;
  else fail(name);
}

function fail(name) {
  total.failed += 1;
  broken.push(name);
}

/** A test runner that writes its results to a file; one that dies without any counts as a failure. */
async function suite(name, command, args, env, file, read) {
  process.stdout.write(`\n── ${name}\n`);
  rmSync(file, { force: true });
  const { code } = await run(command, args, { show: true, env: environment(env) });
  const result = existsSync(file) ? read(JSON.parse(readFileSync(file, 'utf8'))) : { passed: 0, failed: 0, skipped: 0 };
  rmSync(file, { force: true });
  for (const key of Object.keys(total)) total[key] += result[key];
  if (result.failed > 0) broken.push(name, ...(result.told ?? []));
  else if (code !== 0 || result.passed === 0) fail(`${name} (ended with ${code})`);
}

const vitest = (project) => (file) => suite(project === 'unit' ? 'Unit tests' : 'Integration tests on PostgreSQL', 'vitest',
  ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`], cache(), file,
  (r) => ({
    passed: r.numPassedTests, failed: r.numFailedTests + r.numFailedTestSuites - failedSuitesWithTests(r), skipped: r.numPendingTests + r.numTodoTests, told: failures(r),
  }));

/** Each failed test with its first line of reason: repeated at the very end, where somebody who sees only the last page finds it. */
function failures(r) {
  return r.testResults.flatMap((f) => f.assertionResults.filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => `  ${relative(root, f.name)} › ${fullName}: ${failureMessages[0]?.split('\n')[0] ?? ''}`));
}

/** Vitest counts a file as failed when one of its tests is; only files that failed without any test are failures of their own. */
function failedSuitesWithTests(r) {
  return r.numFailedTestSuites - r.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
}

const stages = {
  check: async () => {
    await check('Types', 'tsc', ['-b']);
    await check('Types of the client', 'vue-tsc', ['-p', 'client/tsconfig.json', '--noEmit']);
    await check('Lint', 'eslint', ['.']);
  },
  unit: () => vitest('unit')(join(tmpdir(), `emend-unit-${process.pid}.json`)),
  integration: () => vitest('integration')(join(tmpdir(), `emend-integration-${process.pid}.json`)),
  e2e: () => {
    const file = join(tmpdir(), `emend-e2e-${process.pid}.json`);
    return suite('End-to-end tests in Chromium', 'playwright', ['test', '-c', 'e2e/playwright.config.ts'], { ...cache(), PLAYWRIGHT_JSON_OUTPUT_NAME: file }, file,
      (r) => ({ passed: r.stats.expected, failed: r.stats.unexpected + r.stats.flaky + (r.errors?.length ?? 0), skipped: r.stats.skipped }));
  },
};

/** The trainer's environment (6 GB) is made once per machine, not once per run of the tests. */
function cache() {
  return { EMEND_CACHE: process.env.EMEND_CACHE || join(homedir(), '.cache', 'emend') };
}

async function main() {
  const at = process.argv.indexOf('--only');
  const only = at === -1 ? undefined : process.argv[at + 1];
  if (only !== undefined && !(only in stages)) throw new Error(`--only takes ${Object.keys(stages).join(', ')}`);
  await setUp({ client: only === undefined || only === 'e2e' });
  for (const [name, stage] of Object.entries(stages)) if (only === undefined || only === name) await stage();
  if (broken.length) process.stdout.write(`\nFailed:\n${broken.join('\n')}\n`);
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}\n`);
  process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
}

main().catch(giveUp);
