// The connection to the simulator. The protocol is described in hw_sim/panel.py.

import { $ } from "./dom.js";
import { Board } from "./board.js";
import { Messages } from "./messages.js";
import { Machine } from "./machine.js";

const RETRY_MS = 1000;

let socket, state = {};

const send = request => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
};

const contract = await (await fetch("/contract.json")).json();
const messages = new Messages(contract, send);
const machine = new Machine(send);
let board;

function receive(news) {
  state = { ...state, ...news };
  if (news.board && JSON.stringify(news.board) !== JSON.stringify(board?.board)) board = new Board(news.board, send);
  board.show(state, news);
  machine.show(news);
  messages.show(news);
}

function connect() {
  socket = new WebSocket(`ws://${location.host}/panel`);
  socket.onopen = () => say("");
  socket.onmessage = event => receive(JSON.parse(event.data));
  socket.onclose = () => {
    say("The simulator is gone; looking for it.");
    setTimeout(connect, RETRY_MS);
  };
}

function say(text) {
  $("status").textContent = text;
}

connect();
