// A view's state in the page's address, behind the #: so that a place in a report can be sent, and the browser's Back
// and Forward work. Several views share one address, each under a key of its own: #0.view=sandwich&0.frame=12&2.query=x

import { INITIAL } from "./state.js";

export class Address {
  /** @param {string} key  @param {(state: object) => void} changed  the reader went to another address */
  constructor(key, changed, signal) {
    this.prefix = `${key}.`;
    for (const type of ["popstate", "hashchange"]) {
      window.addEventListener(type, () => changed(this.read()), { signal });
    }
  }

  /** What the address names of the state; the rest is as at first. */
  read() {
    const state = {};
    for (const [name, value] of entries()) {
      const own = name.startsWith(this.prefix) ? name.slice(this.prefix.length) : "";
      if (own && (Object.hasOwn(INITIAL, own) || /^x\w+$/.test(own))) state[own] = value;
    }
    return state;
  }

  /** Put what differs from the usual into the address; `push` makes it a place that the browser's Back leads from. */
  write(state, push) {
    const others = entries().filter(([name, value]) => /^[\w-]+\.\w+$/.test(name) && !name.startsWith(this.prefix));
    const query = new URLSearchParams([...others, ...Object.entries(state).map(([name, value]) => [this.prefix + name, value])]);
    const text = query.size ? `#${query}` : location.pathname + location.search;
    if ((query.size ? `#${query}` : "") === location.hash) return;
    try {
      history[push ? "pushState" : "replaceState"](null, "", text);
    } catch {
      // A page in a frame without an origin has no address to write to; its own Back still works.
    }
  }
}

function entries() {
  return [...new URLSearchParams(location.hash.slice(1))];
}
