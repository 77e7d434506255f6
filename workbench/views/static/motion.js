// A view that moves: {left, right} on an axis, glided to a target, panned and scaled within its ends.

const GLIDE = 170; // milliseconds of a zoom's motion
const SMALLEST = 1e-7; // part of the whole that can fill the width

export class Motion {
  /** @param {number} whole  the axis' length @param {() => void} request  asks for a painting */
  constructor(whole, request) {
    this.request = request;
    this.setWhole(whole);
  }

  setWhole(whole) {
    this.whole = Math.max(whole, 1e-9);
    this.view = { left: 0, right: this.whole };
    this.going = undefined;
  }

  /** Go to a target, in a glide unless motion is unwanted. */
  glide(target, animate) {
    const still = !animate || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.going = still ? undefined : { from: { ...this.view }, target, start: performance.now() };
    if (still) this.view = target;
    this.request();
  }

  /** Where the view is at a moment; asks for the next painting while it moves. */
  step(now) {
    if (!this.going) return;
    const { from, target, start } = this.going;
    const time = Math.min(1, Math.max(0, now - start) / GLIDE);
    const eased = 1 - (1 - time) ** 3;
    const between = (a, b) => a + (b - a) * eased;
    this.view = time === 1 ? target : { left: between(from.left, target.left), right: between(from.right, target.right) };
    if (time === 1) this.going = undefined;
    else this.request();
  }

  /** Where it is or is going to. */
  get target() {
    return this.going ? this.going.target : this.view;
  }

  pan({ left, right }, by) {
    const shift = Math.max(-left, Math.min(this.whole - right, by));
    this.going = undefined;
    this.view = { left: left + shift, right: right + shift };
    this.request();
  }

  /** Scale around a place, given as a share of the width. */
  scale(factor, anchor) {
    const { left, right } = this.view;
    const span = Math.min(this.whole, Math.max(this.whole * SMALLEST, (right - left) * factor));
    const start = left + anchor * (right - left - span);
    const clamped = Math.max(0, Math.min(this.whole - span, start));
    this.going = undefined;
    this.view = { left: clamped, right: clamped + span };
    this.request();
  }
}
