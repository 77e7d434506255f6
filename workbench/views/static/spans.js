// The spans of a profile: what they are called, how long they took, and the row in which each stands.

import { formatTime, shorten } from "./format.js";

const MOST_ROWS = 400; // of one kind; beyond, spans share the last
const COLOURS = { http: "#77aadd", connect: "#eedd88", tls: "#ffaabb", sql: "#44bb99", cypher: "#99ddff", cache: "#bbcc33", "pool-wait": "#ee8866", s3: "#aaaa00" };
const OTHER = "#c4c8d0";

/** Spans in the order of their beginning, each with its row. */
export class Spans {
  constructor(profile, columns) {
    const { start, duration, kind, name, site, node, failed } = columns;
    Object.assign(this, { start, duration, kind, nameOf: name, site, node, failed });
    this.profile = profile;
    const { header } = profile;
    this.kinds = header.span_kinds;
    this.names = header.span_names;
    this.sites = header.span_sites;
    this.leftOut = header.spans_left_out || 0;
    this.count = this.start.length;
    this.unit = header.time?.unit_ns ?? 1;
    let last = 0;
    for (let i = 0; i < this.count; i++) last = Math.max(last, this.start[i] + this.duration[i]);
    this.length = Math.max(header.time?.length ?? 0, last, 1);
    this.#arrange();
  }

  /** Rows of each kind, one kind below another, in the order in which kinds appear. */
  #arrange() {
    this.row = new Uint32Array(this.count);
    this.kindRow = this.kinds.map(() => 0);
    const ends = this.kinds.map(() => []);
    for (let i = 0; i < this.count; i++) {
      const own = ends[this.kind[i]];
      let row = own.findIndex((end) => end <= this.start[i]);
      if (row < 0) row = own.length < MOST_ROWS ? own.length : MOST_ROWS - 1;
      own[row] = this.start[i] + Math.max(this.duration[i], 1);
      this.row[i] = row;
    }
    let first = 0;
    this.kinds.forEach((_, kind) => {
      this.kindRow[kind] = first;
      first += ends[kind].length;
    });
    this.rows = first;
    this.inRow = Array.from({ length: first }, () => []);
    for (let i = 0; i < this.count; i++) {
      this.row[i] += this.kindRow[this.kind[i]];
      this.inRow[this.row[i]].push(i);
    }
  }

  name(i) {
    return this.names[this.nameOf[i]];
  }

  time(units) {
    return formatTime(units * this.unit);
  }

  /** The span at a moment in a row, -1 for none; `slack` makes short ones easier to hit. */
  at(row, moment, slack) {
    let found = -1;
    for (const i of this.inRow[row] ?? []) {
      if (this.start[i] - slack > moment) break;
      if (this.start[i] + this.duration[i] + slack >= moment) found = i;
    }
    return found;
  }

  /** The function that issued a span; "" if unknown. */
  issuer(i) {
    return this.node[i] ? this.profile.name(this.node[i]) : "";
  }

  sentence(i) {
    const parts = [`${this.kinds[this.kind[i]]} ${shorten(this.name(i), 200)}`, `${this.time(this.duration[i])} from ${this.time(this.start[i])}`];
    if (this.failed[i]) parts.push("failed");
    if (this.issuer(i)) parts.push(`issued by ${shorten(this.issuer(i), 120)}`);
    if (this.sites[this.site[i]]) parts.push(`at ${shorten(this.sites[this.site[i]], 160)}`);
    return parts.join(" · ");
  }
}

/** The colour of a kind of span, on which black text is read. */
export function colourOf(kind) {
  return Object.hasOwn(COLOURS, kind) ? COLOURS[kind] : OTHER;
}
