// What the report's page does once it is read: flame graphs when they come into view, runs as tabs, text to copy.

import { copyText } from "./dom.js";
import { mount } from "./flamegraph.js";

/** Show a flame graph in its place, once. Its state stands in the page's address under its number. */
async function show(host) {
  if (host.dataset.state) return;
  host.dataset.state = "loading";
  const payload = host.querySelector("script").textContent;
  try {
    const view = host.dataset.wbView;
    await mount(host, payload, { address: String(hosts.indexOf(host)), ...(view && { state: { view } }) });
    host.dataset.state = "shown";
  } catch (error) {
    host.dataset.state = "failed";
    host.textContent = `This flame graph can't be shown: ${error.message}`;
  }
}

/** Flame graphs are decoded when they come near the window, hidden ones thereby not before their tab is chosen. */
function showWhenSeen(hosts) {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        show(target);
      }
    },
    { rootMargin: "200px" },
  );
  hosts.forEach((host) => observer.observe(host));
}

/** A button that copies the report as text; where that is refused it selects the text instead. */
function makeCopyButton(details) {
  const text = details.querySelector("pre");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    const copied = await copyText(text.textContent);
    if (!copied) getSelection().selectAllChildren(text);
    said.textContent = copied ? "copied" : "selected: copy it with your keyboard";
  });
  text.before(button, said);
}

/** Several runs become tabs (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/); without a script they follow each other. */
function makeTabs(container) {
  const panels = [...container.querySelectorAll(":scope > .run")];
  if (panels.length < 2) return;
  const list = document.createElement("div");
  list.className = "tabs";
  list.setAttribute("role", "tablist");
  const tabs = panels.map((panel) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `tab-${panel.id}`;
    tab.textContent = panel.dataset.name;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    return tab;
  });
  const choose = (chosen) => {
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
      panels[index].hidden = index !== chosen;
    });
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(index));
    tab.addEventListener("keydown", (event) => {
      const last = tabs.length - 1;
      const next = { ArrowRight: index < last ? index + 1 : 0, ArrowLeft: index > 0 ? index - 1 : last, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault(); // Home and End would scroll the page
      choose(next);
      tabs[next].focus();
    });
  });
  list.append(...tabs);
  container.querySelector("h2").after(list);
  container.classList.add("tabbed");
  const named = hosts[Number(/^#(\d+)\./.exec(location.hash)?.[1])]; // the address leads to one of them
  choose(Math.max(0, panels.findIndex((panel) => named && panel.contains(named))));
}

/** Draw a notebook's chart in the theme's colours and its place's width, and again when either changes. */
function drawChart(host) {
  const { data, layout, config } = JSON.parse(host.querySelector("script").textContent);
  const canvas = document.createElement("div");
  host.append(canvas);
  let drawn = 0;
  const draw = () => {
    drawn = host.clientWidth;
    const paper = document.body.classList.contains("printing");
    const color = paper ? "#1b1c1f" : getComputedStyle(document.body).color;
    const framed = { ...layout, width: drawn, font: { ...layout.font, color } };
    window.Plotly.react(canvas, structuredClone(data), framed, config).catch((error) => {
      canvas.textContent = `This chart can't be drawn: ${error.message}`;
    });
  };
  draw();
  new ResizeObserver(() => host.clientWidth && host.clientWidth !== drawn && draw()).observe(host);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.addEventListener("beforeprint", draw); // after preparePrint's, which marks the page
  window.addEventListener("afterprint", draw);
}

/** On paper all runs stand one after another, those that were never looked at too, their tables unfolded. */
function preparePrint(hosts) {
  const graphs = () => hosts.map((host) => host.__flamegraph).filter(Boolean);
  const folded = [];
  window.addEventListener("beforeprint", () => {
    document.body.classList.add("printing");
    folded.push(...document.querySelectorAll(".run details:not([open]), .comparison details:not([open])"));
    for (const details of folded) details.open = true;
    graphs().forEach((graph) => graph.resize());
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    for (const details of folded.splice(0)) details.open = false;
    graphs().forEach((graph) => graph.resize());
  });
}

/** Decode what is still hidden while the reader reads, so that paper has it and tabs open at once. */
async function showRest(hosts) {
  for (const host of hosts) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await show(host);
  }
}

/** A key that nothing on the page has the focus for goes to the flame graph that most of is in the window. */
function passKeys(hosts) {
  const seen = (host) => {
    const { top, bottom } = host.getBoundingClientRect();
    return Math.min(bottom, innerHeight) - Math.max(top, 0);
  };
  document.addEventListener("keydown", (event) => {
    if (event.target !== document.body) return;
    const shown = hosts.filter((host) => host.__flamegraph && host.offsetParent && seen(host) > 0);
    shown.sort((a, b) => seen(b) - seen(a))[0]?.__flamegraph.press(event);
  });
}

const hosts = [...document.querySelectorAll("[data-wb-flamegraph]")];
document.querySelectorAll(".runs").forEach(makeTabs);
showWhenSeen(hosts);
preparePrint(hosts);
passKeys(hosts);
document.querySelectorAll(".paste").forEach(makeCopyButton);
const whenLoaded = () => {
  document.querySelectorAll("[data-wb-chart]").forEach(drawChart);
  showRest(hosts);
};
if (document.readyState === "complete") whenLoaded();
else window.addEventListener("load", whenLoaded);
