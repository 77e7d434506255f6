// Colours. Hues come with the profile's packages (views/packages.py) and are told apart with any colour vision; a
// function's own shade of its package's hue lets neighbours be told apart. Scales run from light to dark in one hue
// (Paul Tol's YlOrBr, https://sronpersonalpages.nl/~pault/), so that they are read without any.

import { formatShare } from "./format.js";

const SHADES = 4;
const QUIET = new Set(["builtin", "await"]); // kinds of packages
const SCALE = ["#fff7bc", "#fee391", "#fec44f", "#fb9a29", "#ec7014", "#cc4c02", "#8f3000"];
const SHARES = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]; // each step of the scale begins above this share

/**
 * @typedef {object} Theme
 * @property {boolean} dark
 * @property {string} background  "#rrggbb", as all of them
 * @property {string} text
 * @property {string} soft
 * @property {string} line
 * @property {string} accent
 */

/**
 * @typedef {object} Colouring  An entry of "Colour by".
 * @property {string} id
 * @property {string} label
 * @property {(tree: import("./tree.js").Tree, theme: Theme) => {fills: string[], byFrame?: ArrayLike<number>,
 *   byNode?: ArrayLike<number>}} resolve  colours "#rrggbb", and the number of the colour of each frame or node
 * @property {(profile: import("./profile.js").Profile, theme: Theme) => {label: string, colour: string, text?: string,
 *   package?: number, striped?: boolean}[]} legend
 */

function parse(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** A colour as an opaque pixel: the bytes r, g, b, alpha in memory. */
function packed(hex) {
  const [r, g, b] = parse(hex);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** A colour on the way from one to another, as "#rrggbb". */
export function mix(from, to, share) {
  const other = parse(to);
  const parts = parse(from).map((part, i) => Math.round(part + (other[i] - part) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** Relative luminance (WCAG 2.2). */
function luminance(hex) {
  const [r, g, b] = parse(hex).map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever is read better on a colour. */
export function inkOn(hex) {
  return luminance(hex) > 0.2 ? "#161616" : "#ffffff";
}

/** FNV-1a, for a shade that stays with a function whatever the profile. */
function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Greys that are quiet on white would shine on a dark page. */
function toned(colour, kind, { dark }) {
  return dark && QUIET.has(kind) ? mix(colour, "#000000", 0.2) : colour;
}

/** @type {Colouring} */
export const byPackage = {
  id: "module",
  label: "Module",
  resolve({ profile }, theme) {
    const fills = [];
    for (const { colour: own, kind } of profile.packages) {
      const colour = toned(own, kind, theme);
      for (let shade = 0; shade < SHADES; shade++) {
        fills.push(mix(colour, theme.dark ? "#000000" : "#ffffff", theme.dark ? 0.04 + 0.06 * shade : 0.09 * shade));
      }
    }
    const shades = profile.functions.map((name) => hash(name) % SHADES);
    const byFrame = new Uint16Array(profile.frameFile.length);
    for (let frame = 0; frame < byFrame.length; frame++) {
      byFrame[frame] = profile.packageOf(frame) * SHADES + shades[profile.frameFunction[frame]];
    }
    return { fills, byFrame };
  },
  legend(profile, theme) {
    return profile.packages.map(({ name, kind, colour, weight }, index) => ({
      label: name,
      colour: toned(colour, kind, theme),
      striped: kind === "await",
      text: formatShare(weight, profile.whole),
      weight,
      package: index,
    }));
  },
};

/** @type {Colouring} */
export const bySelf = {
  id: "self",
  label: "Self share",
  resolve(tree, theme) {
    const byNode = new Uint8Array(tree.size);
    for (let node = 1; node < tree.size; node++) byNode[node] = step(tree.self[node] / tree.whole);
    return { fills: [neutral(theme), ...scale(theme)], byNode };
  },
  legend(profile, theme) {
    const none = { label: "no self time", colour: neutral(theme) };
    const percent = SHARES.map((share) => `${100 * share} %`);
    const steps = scale(theme).map((colour, i) => ({
      label: i + 1 < SHARES.length ? `${i ? percent[i] : ">0"} – ${percent[i + 1]}` : `> ${percent[i]}`,
      colour,
    }));
    return [none, ...steps];
  },
};

function step(share) {
  let at = 0;
  while (at < SHARES.length && share > SHARES[at]) at++;
  return at;
}

function scale({ dark }) {
  return dark ? [...SCALE].reverse() : SCALE;
}

function neutral({ dark }) {
  return dark ? "#3d4148" : "#e2e5ea";
}

/** The colours of one tree on one theme. */
export class Palette {
  /** @param {Colouring} colouring */
  constructor(tree, colouring, theme) {
    const { fills, byFrame, byNode } = colouring.resolve(tree, theme);
    this.tree = tree;
    this.byFrame = byFrame;
    this.byNode = byNode;
    this.fills = fills;
    this.faded = fills.map((fill) => mix(fill, theme.background, theme.dark ? 0.72 : 0.66));
    this.inks = fills.map(inkOn);
    this.known = tree.profile.frameFile.length;
    this.root = mix(theme.background, theme.dark ? "#ffffff" : "#000000", 0.13);
    this.onRoot = theme.text;
    this.match = theme.dark ? "#d95fbf" : "#aa3377";
    this.onMatch = inkOn(this.match);
    this.onFaded = theme.dark ? "#a6a6a6" : "#767676";
    this.outline = theme.dark ? "#ffffff" : "#000000";
    const { root, match, faded } = this;
    this.pixels = { root: packed(root), match: packed(match), fills: fills.map(packed), faded: faded.map(packed) };
    this.waiting = tree.profile.waiting;
  }

  /** The number of a node's colour; -1 for the root, groups and what was summed up. */
  slot(node) {
    const frame = this.tree.frame[node];
    if (frame === 0 || frame >= this.known) return -1;
    return this.byNode ? this.byNode[node] : this.byFrame[frame];
  }

  fill(node, marked, faded) {
    if (marked) return this.match;
    const slot = this.slot(node);
    return slot < 0 ? this.root : faded ? this.faded[slot] : this.fills[slot];
  }

  ink(node, marked, faded) {
    if (marked) return this.onMatch;
    const slot = this.slot(node);
    return slot < 0 ? this.onRoot : faded ? this.onFaded : this.inks[slot];
  }

  /** The same colour as a pixel of an ImageData read as a little-endian number. */
  pixel(node, marked, faded) {
    if (marked) return this.pixels.match;
    const slot = this.slot(node);
    return slot < 0 ? this.pixels.root : faded ? this.pixels.faded[slot] : this.pixels.fills[slot];
  }

  /** Whether a box shows waiting, not running. */
  isWaiting(node) {
    const frame = this.tree.frame[node];
    return this.waiting !== null && frame < this.known && this.waiting[frame] === 1;
  }
}
