// What is around the board: scenes, faults, the sound card, the serial line, GPIO and I2C, the host.

import { $, el, append } from "./dom.js";

const LINES = 200;

export class Machine {
  constructor(send) {
    this.send = send;
    this.waiting = [];
    this.chips = new Map();
    $("serial-pause").onclick = () => {
      this.paused = !this.paused;
      $("serial-pause").setAttribute("aria-pressed", this.paused);
      this.flush();
    };
  }

  show(news) {
    if (news.board) {
      $("wire").hidden = !news.board.face;
      $("gpio").hidden = news.board.face;
      $("mixer-heading").textContent = news.board.amplifier ? "Amplifier" : "Sound card";
    }
    if (news.scenes) this.buildScenes(news.scenes);
    if ("scene" in news) this.markScene(news.scene);
    if (news.faults) this.showFaults(news.faults);
    if ("mixer" in news) this.showMixer(news.mixer);
    if (news.host) this.showHost(news.host);
    if (news.lines) this.showLines(news.lines);
    if (news.chips) this.showChips(news.chips);
    if (news.serial) {
      this.waiting = [...this.waiting, ...news.serial].slice(-LINES);
      this.flush();
    }
  }

  buildScenes(scenes) {
    $("scenes").replaceChildren(...scenes.map(({ name, text }) => {
      const button = el("button", { type: "button", "aria-pressed": "false", "data-scene": name }, text);
      button.onclick = () => this.send({ do: "play", scene: button.getAttribute("aria-pressed") === "true" ? "" : name });
      return button;
    }));
  }

  markScene(playing) {
    for (const button of $("scenes").children) button.setAttribute("aria-pressed", button.dataset.scene === playing);
  }

  showFaults(faults) {
    const names = faults.map(fault => fault.name).join();
    if (names !== this.faults) {
      this.faults = names;
      $("faults").replaceChildren(...faults.map(({ name, text, momentary }) => {
        const button = el("button", { type: "button", class: "fault", "data-fault": name, role: momentary ? null : "switch" }, text);
        button.onclick = () => this.send({ do: "fault", name, on: button.getAttribute("aria-checked") !== "true" });
        return button;
      }));
    }
    faults.forEach(({ on, momentary }, index) => {
      if (!momentary) $("faults").children[index].setAttribute("aria-checked", on);
    });
  }

  showMixer(mixer) {
    $("level").value = mixer?.percent ?? 0;
    $("level-text").textContent = mixer ? `${mixer.percent} %${mixer.muted ? ", muted" : ""}` : "away";
  }

  showHost({ answers, values, calls }) {
    const shown = answers ? values : [["D-Bus", "does not answer"]];
    $("values").replaceChildren(...shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
    const items = calls.map(([time, text]) => el("li", {}, el("time", {}, time), " ", text));
    $("calls").replaceChildren();
    append($("calls"), items, LINES);
  }

  showLines(lines) {
    $("lines").tBodies[0].replaceChildren(...lines.map(({ pin, place, direction, consumer, level, bias }) => el("tr", {},
      el("th", { scope: "row" }, `GPIO${pin}`), el("td", {}, place),
      el("td", {}, direction + (bias ? `, ${bias}` : ""), consumer ? el("span", { class: "hint" }, ` ${consumer}`) : ""),
      el("td", {}, el("span", { class: level ? "level high" : "level" }, level ? "high" : "low")))));
  }

  showChips(chips) {
    if (!Object.keys(chips).length) return $("chips").replaceChildren();
    for (const name of this.chips.keys()) if (!(name in chips)) { this.chips.get(name).box.remove(); this.chips.delete(name); }
    for (const [name, registers] of Object.entries(chips)) {
      if (!this.chips.get(name)?.box.isConnected) {
        const dump = el("pre", { class: "registers", tabindex: "0", role: "region", "aria-label": `Registers of the chip at ${name}` });
        const box = el("details", {}, el("summary", {}, `I2C ${name}`), dump);
        this.chips.set(name, { box, dump });
        $("chips").append(box);
      }
      this.chips.get(name).dump.textContent = hexdump(registers);
    }
  }

  flush() {
    if (this.paused) return;
    const lines = this.waiting.map(({ time, to_face: toFace, text }) => el("li", { class: toFace ? "to" : "from" },
      el("time", {}, time), el("span", { class: "way" }, toFace ? " to the face " : " from the face "), el("code", {}, text)));
    this.waiting = [];
    append($("serial"), lines, LINES);
  }
}

function hexdump(registers) {
  return [...Array(16).keys()].map(row => {
    const bytes = registers.slice(row * 32, row * 32 + 32).match(/../g).join(" ");
    return `${(row * 16).toString(16).padStart(2, "0")}  ${bytes}`;
  }).join("\n");
}
