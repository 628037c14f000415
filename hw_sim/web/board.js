// The board: its picture, its lights, and hands on its controls.

import { $, el, svg, spoken } from "./dom.js";
import { scenery, title } from "./scenery.js";

const PRESS_AFTER_MS = 90;   // until then a pointer that moves turns the knob
const SHORTEST_MS = 60;      // a button is down at least so long
const MOVED_PX = 4;          // a pointer that has moved so far does not press
const DRAG_PX = 14;          // of one detent
const WHEEL_PX = 60;         // of one detent, for wheels that report pixels
const LIT = [244, 247, 255]; // of the mouth

export class Board {
  constructor(board, send) {
    this.board = board;
    this.send = send;
    this.scene = scenery(board);
    $("title").textContent = document.title = title(board.name);
    this.canvas = el("canvas", { "aria-hidden": "true" });
    const { width, height, under, over, defs } = this.scene;
    const viewBox = `0 0 ${width} ${height}`;
    this.picture = svg("svg", { viewBox, role: "img", class: "under" }, defs(), ...under);
    const top = svg("svg", { viewBox, "aria-hidden": "true", class: "over" }, ...over);
    const stage = el("div", { class: board.face ? "board face" : "board" }, this.picture, this.canvas, top);
    stage.style.aspectRatio = `${width} / ${height}`;
    stage.style.maxWidth = `${width}px`;
    $("stage").replaceChildren(stage);
    $("controls").replaceChildren();
    this.buildControls(stage);
    this.sprites = new Map();
    this.state = {};
    new ResizeObserver(() => this.paint()).observe(stage);
  }

  show(state, news) {
    this.state = state;
    if ("eyes" in news || "mouth" in news || "lights" in news || "plugged" in news) this.requestPaint();
    for (const [name, muted] of Object.entries(news.muted ?? {})) {
      document.querySelector(`[data-switch="${CSS.escape(name)}"]`)?.setAttribute("aria-checked", muted);
    }
  }

  requestPaint() {
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(() => { this.requested = false; this.paint(); });
  }

  paint() {
    const { width, height, lights, mouth } = this.scene;
    const box = this.canvas.getBoundingClientRect();
    const scale = Math.max(1, Math.round(box.width * devicePixelRatio)) / width;
    const size = [Math.round(width * scale), Math.round(height * scale)];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1]) [this.canvas.width, this.canvas.height] = size;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const colours = (this.state.eyes ?? this.state.lights ?? []).map(rgb);
    lights.forEach(({ x, y, r }, index) => {
      if (!colours[index] || dark(colours[index])) disc(pen, x, y, r, "#171a1e");
    });
    if (mouth) this.paintMouth(pen, mouth, false);
    pen.globalCompositeOperation = "lighter";
    const lit = lights.map((light, index) => [light, colours[index]]).filter(([, colour]) => colour && !dark(colour));
    const visible = asInARoom(this.board.full);
    for (const [light, colour] of lit) glow(pen, light, visible(colour));
    if (mouth) this.paintMouth(pen, mouth, true);
    pen.globalCompositeOperation = "source-over";
    for (const [light, colour] of lit) lamp(pen, light, visible(colour));
    this.picture.setAttribute("aria-label", this.description(colours));
  }

  paintMouth(pen, { x, y, pitch }, lit) {
    const side = pitch * 0.78;
    (this.state.mouth ?? []).forEach((row, line) => [...row].forEach((cell, column) => {
      if ((cell === "#") !== lit) return;
      const left = x + column * pitch, top = y + line * pitch;
      if (lit) pen.drawImage(this.sprite(), left - pitch, top - pitch, side + 2 * pitch, side + 2 * pitch);
      pen.fillStyle = lit ? `rgb(${LIT})` : "#14171a";
      pen.beginPath();
      pen.roundRect(left, top, side, side, 1.8);
      pen.fill();
    }));
  }

  /** The halo of a lit pixel of the mouth. */
  sprite() {
    if (!this.halo) {
      this.halo = el("canvas", { width: 64, height: 64 });
      const pen = this.halo.getContext("2d"), shade = pen.createRadialGradient(32, 32, 4, 32, 32, 32);
      shade.addColorStop(0, "rgba(190,215,255,.30)");
      shade.addColorStop(1, "rgba(190,215,255,0)");
      pen.fillStyle = shade;
      pen.fillRect(0, 0, 64, 64);
    }
    return this.halo;
  }

  description(colours) {
    const lit = colours.filter(colour => colour && !dark(colour)).length;
    const name = title(this.board.name);
    if (!this.board.face) return this.board.lights ? `${name}: ${lit} of ${this.board.lights} LEDs are lit` : name;
    const pixels = (this.state.mouth ?? []).join("").replaceAll(".", "").length;
    return `${name}: ${lit} of 24 pixels of the eyes and ${pixels} of 256 of the mouth are lit`;
  }

  // Controls.

  buildControls(stage) {
    const { buttons, encoders, switches, face } = this.board;
    const rest = $("controls");
    for (const name of encoders) {
      const { knob, turned } = this.knob(name, buttons.includes(name), face, stage);
      if (face) stage.append(place(knob, this.scene)); else rest.append(knob);
      const step = (detents, sign, words) => {
        const key = el("button", { type: "button", class: "key", "aria-label": `Turn the ${spoken(name)} ${words}` }, sign);
        key.onclick = () => this.turn(name, detents, turned);
        return key;
      };
      rest.append(step(-1, "↺ softer", "to softer"), step(1, "louder ↻", "to louder"));
    }
    for (const name of buttons) {
      if (!encoders.includes(name)) rest.append(this.pressable(el("button", { type: "button", class: "key round" }, spoken(name)), name));
    }
    for (const name of switches) {
      const slider = el("button", { type: "button", role: "switch", "aria-checked": "false", class: "slider", "data-switch": name },
        spoken(name));
      slider.onclick = () => this.send({ do: "slide", name, muted: slider.getAttribute("aria-checked") !== "true" });
      rest.append(slider);
    }
    const words = [];
    if (buttons.length) words.push("Click, hold or double-click a button, or use Space.");
    if (encoders.length) words.push("Turn the knob with the wheel, by dragging, or with the arrow keys.");
    if (!words.length && !switches.length) words.push("This board has no button.");
    $("help").textContent = words.join(" ");
  }

  /** A knob, and what shows that it has been turned by some detents. */
  knob(name, presses, side, stage) {
    const mark = el("span", { class: "mark", "aria-hidden": "true" });
    const words = presses ? "press, hold, or turn with the arrow keys" : "turn with the arrow keys";
    const knob = el("button", { type: "button", class: side ? "knob side" : "knob top", "aria-label": `${spoken(name)}: ${words}` },
      mark);
    let angle = 0, wheel = 0;
    const turned = detents => {
      angle += detents;
      if (side) mark.style.backgroundPositionX = `${angle * 5}px`;
      else mark.style.rotate = `${angle * 18}deg`;
    };
    const turn = detents => this.turn(name, detents, turned);
    const roll = event => {
      event.preventDefault();
      wheel += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? -event.deltaY / WHEEL_PX : -event.deltaY;
      const detents = Math.trunc(wheel);
      wheel -= detents;
      if (detents) turn(detents);
    };
    (side ? stage : knob).addEventListener("wheel", roll, { passive: false });
    knob.addEventListener("keydown", event => {
      const detents = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (detents) { event.preventDefault(); turn(detents); }
    });
    let from = null;
    knob.addEventListener("pointerdown", event => { from = event.clientX; });
    knob.addEventListener("pointermove", event => {
      if (from === null || !(event.buttons & 1)) return;
      if (Math.abs(event.clientX - from) > MOVED_PX && knob.dataset.down !== "true") knob.dataset.turning = "true";
      const detents = Math.trunc((event.clientX - from) / DRAG_PX);
      if (detents && knob.dataset.down !== "true") { from += detents * DRAG_PX; turn(detents); }
    });
    const drop = () => { from = null; };
    knob.addEventListener("pointerup", drop);
    knob.addEventListener("pointercancel", drop);
    return { knob: presses ? this.pressable(knob, name) : knob, turned };
  }

  turn(name, detents, turned) {
    const most = Math.max(-20, Math.min(20, detents));
    this.send({ do: "turn", name, detents: most });
    turned(most);
  }

  /** Presses with pointer and keyboard; of a knob, a pointer that moves at once turns it instead. */
  pressable(button, name) {
    let timer = null, since = 0;
    const push = () => {
      timer = null;
      if (button.dataset.turning === "true" || button.dataset.down === "true") return;
      button.dataset.down = "true";
      since = performance.now();
      this.send({ do: "push", name });
    };
    const release = () => {
      if (timer !== null) { clearTimeout(timer); push(); }
      delete button.dataset.turning;
      if (button.dataset.down !== "true") return;
      delete button.dataset.down;
      setTimeout(() => this.send({ do: "release", name }), Math.max(0, SHORTEST_MS - (performance.now() - since)));
    };
    button.addEventListener("pointerdown", event => {
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      timer = setTimeout(push, button.classList.contains("knob") ? PRESS_AFTER_MS : 0);
    });
    button.addEventListener("pointerup", release);
    button.addEventListener("pointercancel", release);
    button.addEventListener("contextmenu", event => event.preventDefault()); // a long touch is a hold
    button.addEventListener("keydown", event => {
      if ([" ", "Enter"].includes(event.key)) { event.preventDefault(); if (!event.repeat) push(); }
    });
    button.addEventListener("keyup", event => { if ([" ", "Enter"].includes(event.key)) release(); });
    button.addEventListener("blur", release);
    return button;
  }
}

function place(knob, { knob: at, width, height }) {
  knob.style.left = `${(at.x - at.width / 2) / width * 100}%`;
  knob.style.top = `${(at.y - at.height / 2) / height * 100}%`;
  knob.style.width = `${at.width / width * 100}%`;
  knob.style.height = `${at.height / height * 100}%`;
  return knob;
}

const rgb = colour => [0, 2, 4].map(start => parseInt(colour.slice(start, start + 2), 16));
const dark = colour => !colour.some(Boolean);

/** The colours of lights as they look in a room, where the brightest ones, of the value `full`, are bright. */
const asInARoom = full => colour => colour.map(part => Math.min(255, Math.round(255 * Math.pow(part / full, 0.6))));

function disc(pen, x, y, r, fill) {
  pen.fillStyle = fill;
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.fill();
}

function glow(pen, { x, y, r, glow: reach }, colour) {
  const shade = pen.createRadialGradient(x, y, r * 0.6, x, y, reach);
  shade.addColorStop(0, `rgba(${colour},.50)`);
  shade.addColorStop(0.4, `rgba(${colour},.14)`);
  shade.addColorStop(1, `rgba(${colour},0)`);
  disc(pen, x, y, reach, shade);
}

function lamp(pen, { x, y, r }, colour) {
  const core = pen.createRadialGradient(x, y, 0, x, y, r);
  core.addColorStop(0, `rgb(${colour.map(part => Math.round(part + (255 - part) * 0.45))})`);
  core.addColorStop(0.6, `rgb(${colour})`);
  core.addColorStop(1, `rgb(${colour.map(part => Math.round(part * 0.8))})`);
  disc(pen, x, y, r, core);
}
