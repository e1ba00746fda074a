// Search on the server: hits arrive one by one and are kept in order.

export class LogSearch {
  /** `changed` is called when there are more hits or the state is another. */
  constructor(url, changed) {
    this.url = url;
    this.changed = changed;
    this.clear();
  }

  clear() {
    this.control?.abort();
    this.control = null;
    this.query = null;
    this.lines = [];
    this.ranges = new Map();
    this.searched = 0;
    this.running = false;
    this.limited = false;
    this.error = "";
    this.at = -1;
  }

  start(query) {
    this.clear();
    this.query = query;
    return this.run(0);
  }

  /** Searches what has been added to the log since. */
  goOn(nLines) {
    if (this.query && !this.running && !this.limited && !this.error && this.searched < nLines) this.run(this.searched);
  }

  async run(from) {
    const control = new AbortController();
    this.control = control;
    this.running = true;
    const { text, regex, exact } = this.query;
    const query = new URLSearchParams({ q: text, from });
    if (regex) query.set("regex", "1");
    if (exact) query.set("case", "1");
    try {
      const answer = await fetch(`${this.url}?${query}`, { signal: control.signal, headers: { accept: "application/x-ndjson" } });
      if (!answer.ok) throw new Error((await answer.text()).trim());
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        if (this.control !== control) return;
        for (const line of lines) this.take(JSON.parse(line));
        this.changed();
      }
    } catch (error) {
      if (control.signal.aborted) return;
      this.error = error.message || "The search failed.";
    }
    if (this.control === control) {
      this.running = false;
      this.changed();
    }
  }

  take(message) {
    if (message.line !== undefined) {
      this.lines.push(message.line);
      this.ranges.set(message.line, message.ranges);
    }
    if (message.searched !== undefined) this.searched = message.searched;
    if (message.limited) this.limited = true;
  }

  /** The number of the first hit at or after a line; of the first of all if there is none. */
  after(line) {
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.lines[middle] < line) low = middle + 1;
      else high = middle;
    }
    return low < this.lines.length ? low : 0;
  }
}
