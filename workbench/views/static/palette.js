// Colours. Hues come with the profile's packages (views/packages.py) and are told apart with any colour vision; a
// function's own shade of its package's hue lets neighbours be told apart.

const SHADES = 4;

function parse(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function mix(colour, other, share) {
  const parts = colour.map((part, i) => Math.round(part + (other[i] - part) * share));
  return `rgb(${parts.join(",")})`;
}

/** FNV-1a, for a shade that stays with a function whatever the profile. */
function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** The colours of one profile on one theme. */
export class Palette {
  /** @param theme {dark: boolean, background: "#rrggbb"} */
  constructor(profile, theme) {
    const towards = theme.dark ? [0, 0, 0] : [255, 255, 255];
    const background = parse(theme.background);
    this.fills = [];
    this.faded = [];
    for (const { colour } of profile.packages) {
      const hue = parse(colour);
      for (let shade = 0; shade < SHADES; shade++) {
        this.fills.push(mix(hue, towards, (theme.dark ? 0.02 : 0) + (theme.dark ? 0.055 : 0.09) * shade));
        this.faded.push(mix(hue, background, theme.dark ? 0.72 : 0.66));
      }
    }
    this.slot = new Uint16Array(profile.frameFile.length);
    const shades = profile.functions.map((name) => hash(name) % SHADES);
    for (let frame = 0; frame < this.slot.length; frame++) {
      this.slot[frame] = profile.packageOf(frame) * SHADES + shades[profile.frameFunction[frame]];
    }
    this.root = mix(background, theme.dark ? [255, 255, 255] : [0, 0, 0], 0.12);
    this.match = theme.dark ? "#d95fbf" : "#aa3377";
    this.onFill = "#1b1b1b";
    this.onFaded = theme.dark ? "#9a9a9a" : "#8a8a8a";
    this.onMatch = "#ffffff";
    this.onRoot = theme.dark ? "#e6e6e6" : "#1b1b1b";
    this.outline = theme.dark ? "#ffffff" : "#000000";
  }
}
