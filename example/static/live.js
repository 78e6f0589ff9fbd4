"use strict";

const time = document.getElementById("time");
const ended = document.getElementById("ended");
const events = new EventSource("/live/events");

events.onmessage = (event) => { time.textContent = event.data; };

function stop() {
  events.close();
  time.textContent = "stopped";
  ended.hidden = false;
}

events.addEventListener("ended", stop);
// A dropped connection is tried again by the browser; an answer that is no stream (401: not signed in) closes it for good.
events.onerror = () => { if (events.readyState === EventSource.CLOSED) stop(); };
