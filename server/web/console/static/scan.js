// A button that opens the camera and reads one code, where the browser can (BarcodeDetector: Chromium on Android, macOS); else it says that the
// code is to be typed. In: words as props. Out: "code" with the text that was read. The camera is asked for when the button is tapped, never before,
// and is let go at the first code, at a second tap and when the page is left.
const WANTED = ["qr_code", "code_128", "code_39", "ean_13", "ean_8", "data_matrix", "aztec", "pdf417"];

export default {
  template: `
    <div class="scan">
      <button type="button" class="quiet scan-open" v-if="!why" @click="open ? shut() : begin()" :aria-pressed="open ? 'true' : 'false'">
        <i class="material-icons" aria-hidden="true">{{ open ? 'close' : 'photo_camera' }}</i> {{ open ? stop_text : scan_text }}
      </button>
      <p class="soft small" v-if="why" role="status">{{ why }}</p>
      <video ref="video" v-show="open" muted playsinline :aria-label="scan_text"></video>
    </div>`,
  props: { scan_text: String, stop_text: String, cannot_text: String, insecure_text: String, denied_text: String },
  data: () => ({ open: false, why: "" }),
  mounted() {
    if (!("BarcodeDetector" in window)) this.why = this.cannot_text;
    else if (!navigator.mediaDevices) this.why = this.insecure_text;
  },
  unmounted() {
    this.shut();
  },
  methods: {
    async begin() {
      this.open = true;
      try {
        const known = await BarcodeDetector.getSupportedFormats();
        const formats = WANTED.filter((each) => known.includes(each));
        if (!formats.length) throw new Error("no formats");
        const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
        if (!this.open) return stream.getTracks().forEach((track) => track.stop());
        this.stream = stream;
        this.$refs.video.srcObject = stream;
        await this.$refs.video.play();
        this.look(new BarcodeDetector({ formats }));
      } catch (error) {
        this.shut();
        this.why = error && error.name === "NotAllowedError" ? this.denied_text : this.cannot_text;
      }
    },
    async look(detector) {
      if (!this.open) return;
      let found = [];
      try {
        found = await detector.detect(this.$refs.video);
      } catch (error) {
        // A frame that is not there yet: the next one will be.
      }
      if (!this.open) return;
      if (found.length && found[0].rawValue) {
        const code = found[0].rawValue;
        this.shut();
        if (navigator.vibrate) navigator.vibrate(60);
        this.$emit("code", code);
        return;
      }
      setTimeout(() => this.look(detector), 150);
    },
    shut() {
      this.open = false;
      if (this.stream) this.stream.getTracks().forEach((track) => track.stop());
      this.stream = null;
    },
  },
};
