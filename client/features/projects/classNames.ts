/** Names from a text of lines or commas: trimmed, without empty ones and repetitions, order kept. */
export function classNames(text: string): string[] {
  const names = text.split(/[\n,]/).map((name) => name.trim()).filter((name) => name !== '');
  return [...new Set(names)];
}
