/** What is wrong or doubtful about the configuration, for people. */

/** A mistake can have lines of detail, which are indented below it. */
export function formatMistakes(mistakes: readonly string[]): string {
  const indented = mistakes.map((mistake) => `  ${mistake.replaceAll('\n', '\n  ')}\n`).join('');
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return `${count} in the configuration:\n${indented}`;
}

export function formatWarnings(warnings: readonly string[]): string {
  return warnings.map((warning) => `vivarium: warning: ${warning}\n`).join('');
}
