/** The word that somebody who typed `word` most likely meant, or null when none is close. */
export function nearest(word: string, known: readonly string[]): string | null {
  // A third of the letters may be wrong: "statsu" finds "status", "xyz" finds nothing.
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const name of known) {
    const distance = distanceOf(word.toLowerCase(), name.toLowerCase());
    const isClose = distance <= Math.max(1, Math.floor(Math.max(word.length, name.length) / 3));
    if (isClose && (best === null || distance < best.distance)) best = { name, distance };
  }
  return best?.name ?? null;
}

/** Levenshtein distance, with the swap of two neighbours as one step. */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const step = Math.min(
        cell(above, column) + 1,
        cell(current, column - 1) + 1,
        cell(above, column - 1) + (isSame ? 0 : 1),
      );
      current.push(isSwap ? Math.min(step, cell(before, column - 2) + 1) : step);
    }
    before = above;
    above = current;
  }
  return cell(above, b.length);
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
