// What boards look like: a still picture in SVG, and where the lights are in it. Made of the profile's data alone.

import { svg } from "./dom.js";

const TITLES = {
  mycroft_mark_1: "Mycroft Mark 1",
  picroft: "Picroft",
  generic: "Raspberry Pi with a rotary encoder",
  sj201_r6: "Mark II development kit (SJ201 R6)",
  sj201_r10: "Mycroft Mark II (SJ201 R10)",
  respeaker_2mic: "ReSpeaker 2-Mics HAT",
  respeaker_4mic: "ReSpeaker 4-Mic Array",
  respeaker_6mic: "ReSpeaker 6-Mic Array",
  usb_respeaker_4mic: "ReSpeaker USB Mic Array",
  adafruit_voice_bonnet: "Adafruit Voice Bonnet",
  aiy_voice_v1: "AIY Voice HAT",
  aiy_voice_v2: "AIY Voice Bonnet",
};

export const title = name => TITLES[name] ?? name;

const gradient = (id, kind, stops, more = {}) =>
  svg(kind, { id, ...more }, ...stops.map(([offset, colour, opacity = 1]) =>
    svg("stop", { offset, "stop-color": colour, "stop-opacity": opacity })));

const DEFS = () => svg("defs", {},
  gradient("shell", "linearGradient", [[0, "#fbfcfd"], [0.5, "#dfe3e8"], [1, "#b4bbc4"]], { x2: 0, y2: 1 }),
  gradient("rim", "linearGradient", [[0, "#aab2bb"], [1, "#f5f7f9"]], { x2: 0, y2: 1 }),
  gradient("glass", "linearGradient", [[0, "#23272d"], [0.35, "#121418"], [1, "#08090b"]], { x2: 0, y2: 1 }),
  gradient("lens", "radialGradient", [[0, "#1d2126"], [0.62, "#0c0e11"], [0.92, "#050607"], [1, "#2a2f36"]]),
  gradient("iris", "radialGradient", [[0, "#2b3037"], [0.7, "#101317"], [1, "#08090b"]], { cy: 0.35 }),
  gradient("shine", "linearGradient", [[0, "#ffffff", 0.16], [1, "#ffffff", 0]], { x2: 0, y2: 1 }),
  gradient("shadow", "radialGradient", [[0, "#000000", 0.45], [1, "#000000", 0]]),
  gradient("board", "linearGradient", [[0, "#1c4f3a"], [1, "#0f3325"]], { x2: 0, y2: 1 }),
  gradient("metal", "linearGradient", [[0, "#e3e7eb"], [1, "#8e979f"]], { x2: 0, y2: 1 }));

const rect = (x, y, width, height, rx, fill, more = {}) => svg("rect", { x, y, width, height, rx, fill, ...more });
const circle = (cx, cy, r, fill, more = {}) => svg("circle", { cx, cy, r, fill, ...more });

const EYES = [[206, 184], [434, 184]];
const PITCH = 9.6;
const MOUTH = { x: 320 - 16 * PITCH, y: 296, pitch: PITCH };

function mark1() {
  // Pixels 0 to 11 are the eye on the device's right, which is on the viewer's left; 0 and 11 are at the top.
  const lights = [...Array(24).keys()].map(index => {
    const turn = (index % 12 + 0.5) / 12 * 2 * Math.PI, [x, y] = EYES[Math.floor(index / 12)];
    return { x: x + 54 * Math.sin(turn), y: y - 54 * Math.cos(turn), r: 10.5, glow: 44 };
  });
  return {
    width: 640, height: 446, lights, mouth: MOUTH, knob: { x: 320, y: 42, width: 132, height: 62 },
    under: [
      svg("ellipse", { cx: 320, cy: 424, rx: 290, ry: 20, fill: "url(#shadow)" }),
      rect(110, 404, 84, 18, 8, "#23272c"), rect(446, 404, 84, 18, 8, "#23272c"),
      rect(34, 70, 572, 342, 58, "url(#rim)"), rect(37, 73, 566, 336, 56, "url(#shell)"),
      rect(60, 94, 520, 292, 40, "#9aa2ab"), rect(62, 97, 516, 288, 38, "url(#glass)"),
      ...EYES.flatMap(([x, y]) => [
        circle(x, y, 80, "#2c3138"), circle(x, y, 78, "url(#lens)"), circle(x, y, 33, "url(#iris)"),
        circle(x, y, 33, "none", { stroke: "#000", "stroke-opacity": 0.6, "stroke-width": 2 }),
        svg("ellipse", { cx: x - 8, cy: y - 13, rx: 12, ry: 7, fill: "#fff", opacity: 0.08 }),
      ]),
      rect(MOUTH.x - 12, MOUTH.y - 10, 32 * PITCH + 22, 8 * PITCH + 18, 12, "#050607"),
    ],
    over: [svg("path", {
      d: "M62 135 a38 38 0 0 1 38-38 h440 a38 38 0 0 1 38 38 v26 C430 196 210 176 62 236 z", fill: "url(#shine)",
    })],
  };
}

function ring(count) {
  const lights = [...Array(count).keys()].map(index => {
    const turn = index / count * 2 * Math.PI;
    return { x: 200 + 118 * Math.sin(turn), y: 196 - 118 * Math.cos(turn), r: 11, glow: 52 };
  });
  return {
    width: 400, height: 400, lights,
    under: [
      svg("ellipse", { cx: 200, cy: 372, rx: 160, ry: 18, fill: "url(#shadow)" }),
      circle(200, 196, 176, "url(#rim)"), circle(200, 196, 173, "url(#shell)"),
      circle(200, 196, 152, "#8f98a1"), circle(200, 196, 150, "url(#glass)"), circle(200, 196, 84, "url(#iris)"),
      ...[45, 135, 225, 315].map(degrees => {
        const turn = degrees / 180 * Math.PI;
        return circle(200 + 56 * Math.sin(turn), 196 - 56 * Math.cos(turn), 3, "#000");
      }),
    ],
    over: [svg("path", { d: "M52 180 A150 150 0 0 1 348 180 C300 120 110 130 52 180 z", fill: "url(#shine)" })],
  };
}

const RING_FROM = 6;         // LEDs
const MIDDLE = { x: 254, y: 194 };

/** The LEDs of a circuit board: one large one, some in a row, or many in a ring. */
function leds(count) {
  const { x, y } = MIDDLE;
  if (count === 1) return [{ x, y, r: 34, glow: 110 }];
  return [...Array(count).keys()].map(index => {
    if (count < RING_FROM) return { x: x + (index - (count - 1) / 2) * 74, y, r: 14, glow: 64 };
    const turn = index / count * 2 * Math.PI;
    return { x: x + 84 * Math.sin(turn), y: y - 84 * Math.cos(turn), r: 8, glow: 40 };
  });
}

const socket = (count, { x, y, r }) => count === 1
  ? circle(x, y, r + 14, "#0c0e11", { stroke: "#3a424b", "stroke-width": 4 })
  : rect(x - r - 4, y - r - 4, 2 * r + 8, 2 * r + 8, 5, "#e9edf0");

const microphone = ([x, y]) => svg("g", {}, circle(x, y, 11, "#c9d0d6"), circle(x, y, 4, "#101317"));

const HEADER = () => [
  rect(80, 56, 312, 34, 4, "#111417"),
  ...[...Array(40).keys()].map(index =>
    circle(88 + Math.floor(index / 2) * 15.4, 66 + index % 2 * 15, 4, "#d9b45a", { stroke: "#7d6226" })),
];

/** A Raspberry Pi seen from above, or a board on it or beside it, with `count` LEDs. */
function circuit(count, header) {
  const lights = leds(count);
  const corners = [[110, 262], [398, 262], ...(count < RING_FROM ? [] : [[110, 126], [398, 126]])];
  const parts = count ? [
    ...(count < RING_FROM ? [] : [
      circle(MIDDLE.x, MIDDLE.y, 62, "#0d2b1f", { stroke: "#2c6b50", "stroke-width": 2 }),
      rect(MIDDLE.x - 24, MIDDLE.y - 24, 48, 48, 4, "#14171a"),
    ]),
    ...lights.map(light => socket(count, light)),
    ...corners.map(microphone),
  ] : [
    rect(92, 130, 92, 92, 6, "url(#metal)"), rect(226, 142, 70, 70, 4, "#14171a"), rect(330, 118, 110, 52, 4, "url(#metal)"),
    rect(330, 182, 110, 52, 4, "url(#metal)"), rect(92, 246, 70, 34, 4, "#14171a"), rect(190, 252, 60, 38, 4, "url(#metal)"),
  ];
  return {
    width: 508, height: 350, lights,
    under: [
      svg("ellipse", { cx: 254, cy: 326, rx: 220, ry: 16, fill: "url(#shadow)" }),
      rect(38, 36, 432, 280, 22, "#0a241a"), rect(38, 34, 432, 278, 22, "url(#board)"),
      ...header,
      ...[[60, 56], [448, 56], [60, 292], [448, 292]].map(([x, y]) =>
        circle(x, y, 9, "#0a1c15", { stroke: "#d9b45a", "stroke-width": 4 })),
      ...parts,
    ],
    over: [],
  };
}

/** The picture of a board: its size, lights, and what is drawn under and over them. */
export function scenery(board) {
  const { name, face, lights } = board;
  const scene = face ? mark1() : name.startsWith("sj201") ? ring(lights) : circuit(lights, name.startsWith("usb") ? [] : HEADER());
  return { ...scene, defs: DEFS };
}
