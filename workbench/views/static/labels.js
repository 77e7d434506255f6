// Texts cut to the room they have. Asking a canvas for widths is what costs most of a painting, so it is asked once a
// character: sums of characters' widths are off by less than a pixel where kerning is.

const ELLIPSIS = "…";
const LONGEST = 200; // characters of a name that are ever measured
const PLAIN = /^[\x20-\x7e]*$/;

export class Labels {
  /** @param {CanvasRenderingContext2D} context  with its font set */
  constructor(context) {
    this.context = context;
    this.whole = new Map(); // text → width
    this.letters = new Float64Array(128);
    for (let code = 32; code < 127; code++) this.letters[code] = context.measureText(String.fromCharCode(code)).width;
    this.ellipsis = context.measureText(ELLIPSIS).width;
  }

  width(text) {
    let width = this.whole.get(text);
    if (width === undefined) {
      width = PLAIN.test(text) ? this.#sum(text) : this.context.measureText(text).width;
      this.whole.set(text, width);
    }
    return width;
  }

  #sum(text) {
    let width = 0;
    for (let i = 0; i < text.length; i++) width += this.letters[text.charCodeAt(i)];
    return width;
  }

  /** The text, cut to fit `room` pixels with an ellipsis; "" where not even two characters fit. */
  clip(text, room) {
    if (text.length > LONGEST) text = text.slice(0, LONGEST);
    const whole = this.width(text);
    if (whole <= room) return text;
    const plain = PLAIN.test(text);
    const left = room - this.ellipsis;
    let keep = 0;
    if (plain) {
      for (let used = 0; keep < text.length && (used += this.letters[text.charCodeAt(keep)]) <= left; ) keep++;
    } else {
      keep = Math.floor((text.length * left) / whole);
      while (keep > 1 && this.context.measureText(text.slice(0, keep)).width > left) keep--;
      const last = text.charCodeAt(keep - 1);
      if (last >= 0xd800 && last < 0xdc00) keep--;
    }
    return keep > 1 ? text.slice(0, keep) + ELLIPSIS : "";
  }
}

/** One line of printable text for a canvas or a picture: control characters would move what follows. */
export function printable(text) {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}
