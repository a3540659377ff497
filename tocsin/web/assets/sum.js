/* Does the sum on the page "One moment" and sends its form. Where it cannot, the page stays as it is: its button works. */
{
  let form = document.forms.sum, said = form.querySelectorAll("div");
  let turn = (done) => { said[0].hidden = done; said[1].hidden = !done };
  let bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  let solve = async () => {
    let challenge = JSON.parse(form.challenge.value), sum = challenge.parameters, start = performance.now();
    let nonce = bytes(sum.nonce), salt = bytes(sum.salt), password = new Uint8Array(nonce.length + 4);
    password.set(nonce);
    for (let counter = 0; ; counter++) {
      new DataView(password.buffer).setUint32(nonce.length, counter);
      let key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
      let bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: sum.cost }, key, sum.keyLength * 8);
      let derivedKey = Array.from(new Uint8Array(bits), (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (derivedKey.startsWith(sum.keyPrefix))
        return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey, time: Math.round(performance.now() - start) } }));
    }
  };
  if (globalThis.crypto?.subtle) {
    turn(true);
    solve().then((solution) => { form.altcha.value = solution; form.submit() }, () => turn(false));
  }
}
