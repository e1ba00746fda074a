// Waiting for a state of the world: real processes live in real time, so tests look again and again.

/// Nothing takes this long unless it hangs, in milliseconds.
export const DEADLINE = 30_000;

/// Looks until `look` gives something; fails with `what` when it takes too long.
export async function until(what, look, deadline = DEADLINE) {
  const end = performance.now() + deadline;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`${what} did not happen within ${deadline / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
