/** The word that `typed` most likely stands for, if one is near; other spellings of it are. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const bare = (word: string) => word.toLowerCase().replace(/[_.-]/g, "");
  const ranked = known
    .map((word) => ({ word, distance: distance(bare(typed), bare(word)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, typed.length / 4)
    ? best.word
    : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
function distance(from: string, to: string): number {
  let [before, above]: [number[], number[]] = [
    [],
    Array.from({ length: to.length + 1 }, (_, i) => i),
  ];
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 2] === to[column - 1] && from[row - 1] === to[column - 2];
      const steps = [
        (above[column - 1] ?? 0) + (isSame ? 0 : 1),
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        isSwap ? (before[column - 2] ?? Infinity) + 1 : Infinity,
      ];
      current.push(Math.min(...steps));
    }
    [before, above] = [above, current];
  }
  return above[to.length] ?? 0;
}
