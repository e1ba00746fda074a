// Shows the lines of a log that are visible, and only those.
//
// The place is a line and the pixels of it that are above the edge. A scroll bar of bounded height stands for the whole
// log: small moves go by pixels, large ones by proportion, so that logs of any length and lines of any height work.

const OVERSCAN = 12;
const MOST_HEIGHT = 8_000_000;
const MARKS = { e: ["!", "stderr"], h: ["»", "header"] };

export class LogView {
  constructor(box, store, events) {
    this.box = box;
    this.store = store;
    this.events = events;
    this.sizer = box.querySelector(".log-sizer");
    this.rows = box.querySelector(".log-rows");
    this.top = { line: 0, px: 0 };
    this.wrap = false;
    this.ranges = new Map();
    this.current = -1;
    this.selected = null;
    this.elements = new Map();
    this.lastScroll = 0;
    this.width = 0;
    this.measure();
    box.addEventListener("scroll", () => this.scrolled());
    new ResizeObserver(() => {
      this.measure();
      this.resized();
    }).observe(box);
  }

  measure() {
    const probe = document.createElement("div");
    probe.className = "log-row";
    probe.textContent = "0";
    this.rows.append(probe);
    this.lineHeight = probe.getBoundingClientRect().height || 20;
    probe.remove();
  }

  resized() {
    const atEnd = this.wasAtEnd;
    this.grow();
    if (atEnd) this.toEnd();
    else this.draw();
  }

  get height() {
    return this.box.clientHeight;
  }

  get perScreen() {
    return Math.max(1, Math.floor(this.height / this.lineHeight));
  }

  get isScaled() {
    return this.wrap || MOST_HEIGHT < this.store.nLines * this.lineHeight;
  }

  /** The last position of the scroll bar, and the last line that may be at the upper edge. */
  get lastPosition() {
    return Math.max(0, this.box.scrollHeight - this.height);
  }

  get lastTop() {
    return Math.max(0, this.store.nLines - this.height / this.lineHeight);
  }

  grow() {
    const digits = Math.max(3, String(this.store.nLines).length);
    this.box.style.setProperty("--digits", digits);
    const height = Math.min(this.store.nLines * this.lineHeight, MOST_HEIGHT);
    this.sizer.style.height = `${height}px`;
  }

  scrolled() {
    const position = this.box.scrollTop;
    const moved = position - this.lastScroll;
    this.lastScroll = position;
    if (moved === 0) {
      // sideways
      return;
    }
    if (!this.isScaled) this.place(position / this.lineHeight);
    else if (Math.abs(moved) < 1.5 * this.height) this.move(moved);
    else this.place((position / this.lastPosition) * this.lastTop);
    this.draw();
    this.settle();
    this.events.moved(moved, this.isAtEnd());
  }

  /** When a scroll has ended, the bar is put where it belongs. */
  settle() {
    if (!this.isScaled) return;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.sync();
      this.draw();
    }, 140);
  }

  sync() {
    const { line, px } = this.top;
    const exact = line + px / this.heightOf(line);
    const last = this.lastPosition;
    const position = this.isScaled ? (this.lastTop ? Math.min(1, exact / this.lastTop) * last : 0) : exact * this.lineHeight;
    this.box.scrollTop = this.isAtEnd() ? last : position;
    this.lastScroll = this.box.scrollTop;
  }

  place(exact) {
    const line = Math.max(0, Math.min(Math.floor(exact), this.store.nLines - 1));
    this.top = { line, px: Math.max(0, exact - line) * this.heightOf(line) };
  }

  move(pixels) {
    let { line, px } = this.top;
    px += pixels;
    while (px < 0 && 0 < line) px += this.heightOf(--line);
    while (this.heightOf(line) <= px && line + 1 < this.store.nLines) px -= this.heightOf(line++);
    this.top = { line, px: Math.max(0, px) };
  }

  heightOf(line) {
    if (!this.wrap) return this.lineHeight;
    return this.elements.get(line)?.element.getBoundingClientRect().height || this.lineHeight;
  }

  /** Brings a line into view, a third of the way down. */
  show(line) {
    this.grow();
    const above = Math.floor(this.perScreen / 3);
    this.top = { line: Math.max(0, Math.min(line, this.store.nLines - 1) - above), px: 0 };
    this.draw();
    if (this.wrap) {
      // lines above it may be tall
      const row = this.elements.get(line)?.element;
      if (row) this.move(row.getBoundingClientRect().top - this.box.getBoundingClientRect().top - this.height / 3);
    }
    this.clamp();
    this.sync();
    this.draw();
    this.events.moved(0, this.isAtEnd());
  }

  toStart() {
    this.show(0);
  }

  toEnd() {
    this.grow();
    this.place(this.lastTop);
    this.draw();
    this.clamp();
    this.box.scrollTop = this.lastPosition;
    this.lastScroll = this.box.scrollTop;
    this.draw();
  }

  step(lines) {
    this.box.scrollTop += lines * this.lineHeight;
  }

  isVisible(line) {
    return this.top.line <= line && line < this.top.line + this.perScreen - 1;
  }

  isAtEnd() {
    const n = this.store.nLines;
    if (n === 0) return true;
    const last = this.elements.get(n - 1)?.element;
    if (!last) return false;
    return last.getBoundingClientRect().bottom <= this.box.getBoundingClientRect().bottom + this.lineHeight;
  }

  /** The last line does not leave the lower edge of the box. */
  clamp() {
    for (let turn = 0; turn < 4; turn++) {
      const rendered = this.elements.get(this.store.nLines - 1)?.element;
      if (!rendered) return;
      const bottom = this.box.getBoundingClientRect().top + this.box.clientTop + this.height;
      const gap = bottom - rendered.getBoundingClientRect().bottom;
      if (Math.abs(gap) < 1) return;
      if (gap < 0 && turn === 0 && !this.wantsEnd) return;
      if (0 < gap && this.top.line === 0 && this.top.px === 0) return;
      this.move(-gap);
      this.draw();
    }
  }

  draw() {
    const n = this.store.nLines;
    const first = Math.max(0, this.top.line - OVERSCAN);
    const last = Math.min(n, this.top.line + this.perScreen + 2 + OVERSCAN);
    this.store.want(first, last);
    for (const [number, row] of this.elements) {
      if (number < first || last <= number) {
        row.element.remove();
        this.elements.delete(number);
      }
    }
    let before = null;
    for (let number = last - 1; first <= number; number--) {
      const line = this.store.line(number);
      let row = this.elements.get(number);
      const marked = this.marks(number);
      if (!row || row.line !== line || row.marked !== marked) {
        const element = this.row(number, line);
        if (row) row.element.replaceWith(element);
        else this.rows.insertBefore(element, before);
        row = { element, line, marked };
        this.elements.set(number, row);
      }
      before = row.element;
    }
    this.rows.style.transform = `translateY(0)`;
    let above = 0;
    if (this.wrap) {
      const edge = this.elements.get(this.top.line)?.element;
      const begin = this.elements.get(first)?.element;
      if (edge && begin) above = edge.getBoundingClientRect().top - begin.getBoundingClientRect().top;
    } else {
      above = (this.top.line - first) * this.lineHeight;
    }
    const offset = this.box.scrollTop - above - this.top.px;
    this.rows.style.transform = `translateY(${Math.round(offset)}px)`;
    if (!this.wrap && this.width < this.rows.scrollWidth) {
      // the widest line so far sets the width, so that the bar below does not jump about
      this.width = this.rows.scrollWidth;
      this.rows.style.minWidth = `max(100%, ${this.width}px)`;
    }
    this.wasAtEnd = this.isAtEnd();
  }

  /** Everything about a row beside its text, as one comparable value. */
  marks(number) {
    const { selected } = this;
    const chosen = selected && selected.first <= number && number <= selected.last;
    const ranges = this.ranges.get(number);
    return `${chosen ? "s" : ""}${number === this.current ? "c" : ""}${ranges ? ranges.join() : ""}`;
  }

  row(number, line) {
    const row = make("div", "log-row");
    const link = make("a", "log-number", String(number + 1));
    link.href = `#L${number + 1}`;
    link.dataset.line = number;
    const stream = line?.[0] ?? "";
    const [mark, name] = MARKS[stream] ?? ["", ""];
    const sign = make("span", "log-mark", mark);
    if (name) {
      sign.title = name;
      row.classList.add(name);
    }
    const time = make("span", "log-time");
    if (line?.at) {
      const date = new Date(line.at);
      time.textContent = date.toLocaleTimeString([], { hour12: false });
      link.title = `Line ${number + 1}, stored ${date.toLocaleString()}`;
    }
    const text = make("span", "log-text");
    if (line) fill(text, line, this.ranges.get(number));
    else text.textContent = " ";
    const { selected } = this;
    if (selected && selected.first <= number && number <= selected.last) row.classList.add("chosen");
    if (number === this.current) row.classList.add("current");
    row.append(link, sign, time, text);
    return row;
  }

  setWrap(on) {
    const line = this.top.line;
    const atEnd = this.isAtEnd();
    this.wrap = on;
    this.box.classList.toggle("wrap", on);
    this.width = 0;
    this.rows.style.minWidth = "";
    this.box.scrollLeft = 0;
    this.top = { line, px: 0 };
    this.draw();
    if (atEnd) this.toEnd();
    else this.sync();
    this.draw();
  }
}

function make(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  if (text) element.textContent = text;
  return element;
}

/** Puts the runs of a line into an element, with its hits marked. */
function fill(element, line, ranges) {
  let place = 0;
  for (const run of line.slice(1)) {
    const [name, text] = typeof run === "string" ? ["", run] : run;
    const parts = ranges ? split(text, place, ranges) : [[text, false]];
    const target = name ? make("span", name) : element;
    for (const [part, hit] of parts) target.append(hit ? make("mark", "", part) : part);
    if (name) element.append(target);
    place += text.length;
  }
}

function split(text, place, ranges) {
  const parts = [];
  let from = 0;
  for (const [begin, end] of ranges) {
    const first = Math.max(from, begin - place);
    const last = Math.min(text.length, end - place);
    if (last <= first) continue;
    if (from < first) parts.push([text.slice(from, first), false]);
    parts.push([text.slice(first, last), true]);
    from = last;
  }
  if (from < text.length) parts.push([text.slice(from), false]);
  return parts;
}
