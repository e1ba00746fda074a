// The lines of one log, as far as they were loaded: blocks of lines, the least used of which are forgotten.

const BLOCK = 200;
const MOST_BLOCKS = 80;

export class LogStore {
  /** `url` answers ranges of lines; `loaded` is called when some have come. */
  constructor(url, nLines, complete, loaded) {
    this.url = url;
    this.nLines = nLines;
    this.complete = complete;
    this.loaded = loaded;
    this.blocks = new Map();
    this.pending = new Set();
    this.failures = 0;
  }

  /** A line as `[stream, run, ...]` with its time in `at`, or nothing if it is not here. */
  line(number) {
    const key = Math.floor(number / BLOCK);
    const block = this.blocks.get(key);
    return block?.[number - key * BLOCK];
  }

  /** Sees to it that these lines come, last excluded. */
  want(first, last) {
    last = Math.min(last, this.nLines);
    for (let number = Math.max(0, first); number < last; ) {
      const key = Math.floor(number / BLOCK);
      const end = Math.min((key + 1) * BLOCK, last);
      while (number < end && this.line(number)) number++;
      if (number < end) this.load(key, number);
      else this.touch(key);
      number = end;
    }
  }

  /** Keeps lines that came, in the form of a range or of the tail. */
  add(frame) {
    let number = frame.first;
    for (const line of frame.lines) {
      const key = Math.floor(number / BLOCK);
      if (!this.blocks.has(key)) this.blocks.set(key, []);
      this.blocks.get(key)[number - key * BLOCK] = line;
      number++;
    }
    for (const [first, count, from] of frame.arrivals) {
      for (let n = first; n < first + count; n++) {
        const line = this.line(n);
        if (line) line.at = from / 1000;
      }
    }
    this.nLines = Math.max(this.nLines, number);
    for (const key of this.blocks.keys()) {
      if (this.blocks.size <= MOST_BLOCKS) break;
      this.blocks.delete(key);
    }
  }

  touch(key) {
    const block = this.blocks.get(key);
    if (block) {
      this.blocks.delete(key);
      this.blocks.set(key, block);
    }
  }

  async load(key, from) {
    if (this.pending.has(key)) return;
    this.pending.add(key);
    let came = false;
    try {
      const count = (key + 1) * BLOCK - from;
      const answer = await fetch(`${this.url}?first=${from}&n=${count}`);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const frame = await answer.json();
      this.add(frame);
      came = frame.lines.length > 0;
      this.failures = 0;
    } catch {
      // asked again by the next look, later each time
      this.failures = Math.min(this.failures + 1, 6);
      await new Promise((resume) => setTimeout(resume, 250 * 2 ** this.failures));
    }
    this.pending.delete(key);
    if (came || this.failures) this.loaded();
  }
}
