// A phone's screen with the pushes on it. With a device's token it listens to /v1/live as the shop's app would.
// In: props from phone_screen.py. Out: "arrived" with an offer that came.
export default {
  template: `
    <div class="phone" role="img" :aria-label="shown.length ? shown[0].title + '. ' + shown[0].body : words.waits">
      <div class="phone-clock">{{ clock }}</div>
      <div v-for="push in shown" class="phone-push">
        <div class="phone-from"><span class="phone-dot"></span>Soglia<span class="phone-when">{{ words.now }}</span></div>
        <div class="phone-title">{{ push.title }}</div>
        <div class="phone-body">{{ push.body }}</div>
      </div>
      <div v-if="!shown.length" class="phone-waits">{{ words.waits }}</div>
    </div>`,
  props: { words: Object, title: String, body: String, token: String },
  data() {
    return { came: [], clock: "" };
  },
  computed: {
    shown() {
      const draft = this.title || this.body ? [{ title: this.title, body: this.body }] : [];
      return [...this.came, ...draft];
    },
  },
  watch: {
    token() {
      this.listen();
    },
  },
  mounted() {
    const tick = () => (this.clock = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    tick();
    this.ticking = setInterval(tick, 10000);
    if (this.token) this.listen();
  },
  unmounted() {
    clearInterval(this.ticking);
    this.leaving?.abort();
  },
  methods: {
    async listen() {
      this.leaving?.abort();
      this.leaving = new AbortController();
      const answer = await fetch("/v1/live", {
        headers: { Authorization: `Bearer ${this.token}` },
        signal: this.leaving.signal,
      }).catch(() => null);
      if (!answer || !answer.ok) return;
      this.$emit("listening");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read().catch(() => ({ done: true }));
        if (done) return;
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) this.take(part);
      }
    },
    take(part) {
      const data = part.split("\n").find((line) => line.startsWith("data: "));
      if (!data) return;
      const news = JSON.parse(data.slice(6));
      if (news.type !== "offer") return;
      this.came.unshift({ title: news.title, body: news.body });
      this.$emit("arrived", news);
    },
  },
};
