import type { Reporter, TestModule } from 'vitest/node';

/** The run in one plain line, the last: for people, and for machines that read it. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++;
      for (const test of module.children.allTests()) counts[test.result().state]++;
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    // After the other reporters have had their say.
    process.once('exit', () => console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`));
  }
}
