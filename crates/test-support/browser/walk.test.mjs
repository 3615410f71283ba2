// Walks through the portal's own pages in a real browser, as somebody in a closed network meets
// them: every other host is unknown. A page that loads but says an error on the console, or asks
// for something it does not get, fails.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

// Not an address of this machine: some pages are more careless when they think they are at home.
const HOST = "portalen.test";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  `--host-resolver-rules=MAP ${HOST} 127.0.0.1,MAP * ~NOTFOUND`,
];
const PASSWORD = "Test1234!";

const stack = JSON.parse(readFileSync(process.env.PORTAL_TEST_STACK, "utf8"));
const base = `http://${HOST}:${new URL(stack.gateway_url).port}`;
// For what is asked beside the browser, by a resolver that does not know the name above.
const addressOf = (path) => new URL(path, stack.gateway_url).href;
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
});

after(async () => {
  await browser?.close();
});

// Opens a page, has a look around, and fails on whatever the browser complained about meanwhile.
async function visit(path, look, options = {}) {
  const context = await browser.newContext({ baseURL: base, locale: "nb-NO", ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => {
    complaints.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
  });
  try {
    const answer = await page.goto(path, { waitUntil: "networkidle" });
    assert.equal(answer.status(), 200, path);
    await look(page, complaints);
    assert.deepEqual(complaints, [], `the browser's complaints about ${path}`);
  } finally {
    await context.close();
  }
}

test("the page at / says what runs here and that it is well", () =>
  visit("/", async (page) => {
    assert.equal(await page.title(), "Statsbudsjettportalen");
    assert.equal(await page.locator("h1").innerText(), "Statsbudsjettportalen");
    await page.getByText("Alt svarer som det skal.").waitFor();
    const checks = page.locator("#checks li.up");
    assert.equal(await checks.count(), 3);
    for (const part of ["Database", "Hurtiglager", "Meldingskø"]) {
      assert.match(await checks.filter({ hasText: part }).innerText(), /Svarer på \d+ ms/);
    }
    assert.ok(await page.getByText("fag.kld@test.no").isVisible());
  }));

test("the page's demo users can sign in", () =>
  visit("/", async (page) => {
    await page.getByText("Alt svarer som det skal.").waitFor();
    const emails = await page.locator("#demo td code").allInnerTexts();
    assert.ok(emails.length >= 5, emails.join());
    for (const email of emails) {
      assert.ok(await signIn(page, email), email);
    }
  }));

test("the page says so when the services do not answer", () =>
  visit(
    "/",
    async (page, complaints) => {
      await page.getByText("Alt svarer som det skal.").waitFor();
      await page.route("**/api/health", (route) => route.fulfill({ status: 503, body: "{}" }));
      await page.reload();
      await page.getByText("Tjenestene svarer ikke.").waitFor();
      assert.ok(await page.locator("#checks").isHidden());
      complaints.length = 0;
    },
  ));

test("the page can be used with a keyboard, and read aloud", () =>
  visit("/", async (page) => {
    assert.equal(await page.locator("html").getAttribute("lang"), "nb");
    assert.equal(await page.locator("h1").count(), 1);
    assert.equal(await page.locator("img:not([alt])").count(), 0);
    assert.equal(await page.locator("main").count(), 1);
    for (const section of await page.locator("section").all()) {
      const label = await section.getAttribute("aria-labelledby");
      assert.equal(await page.locator(`[id="${label}"]`).count(), 1, label);
    }
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Hopp til innholdet");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/#innhold");
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`the page has enough contrast when it is ${colorScheme}`, () =>
    visit(
      "/",
      async (page) => {
        await page.getByText("Alt svarer som det skal.").waitFor();
        const poor = await page.evaluate(findPoorContrast);
        assert.deepEqual(poor, []);
      },
      { colorScheme },
    ));
}

test("the page fits a telephone", () =>
  visit(
    "/",
    async (page) => {
      await page.getByText("Alt svarer som det skal.").waitFor();
      const [content, window] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        innerWidth,
      ]);
      assert.ok(content <= window, `${content} > ${window}`);
    },
    { viewport: { width: 360, height: 740 } },
  ));

test("an address that only the client knows loads the client", () =>
  visit("/saker/3f/historikk", async (page) => {
    await page.getByText("Alt svarer som det skal.").waitFor();
  }));

test("the API page lists the operations, and one of them can be tried", () =>
  visit("/api/docs", async (page) => {
    await page.getByText("Statsbudsjettportalen: saker").first().waitFor();
    assert.ok((await page.locator(".opblock").count()) > 15);
    const health = page.locator("#operations-health-get_health");
    await health.locator(".opblock-summary-control").click();
    await health.getByRole("button", { name: "Try it out" }).click();
    await health.getByRole("button", { name: "Execute" }).click();
    const live = health.locator(".live-responses-table .response").first();
    await live.waitFor();
    assert.match(await live.innerText(), /^200/);
    assert.match(await live.innerText(), /"status": "ok"/);
  }));

test("the API page signs in and calls as that user", () =>
  visit("/api/docs/", async (page) => {
    await page.locator(".opblock").first().waitFor();
    const token = await signIn(page, "fag.kld@test.no");
    await page.getByRole("button", { name: "Authorize" }).click();
    await page.locator(".auth-container input").fill(token);
    await page.getByRole("button", { name: "Apply credentials" }).click();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    const departments = page.locator("#operations-departments-list_departments");
    await departments.locator(".opblock-summary-control").click();
    await departments.getByRole("button", { name: "Try it out" }).click();
    await departments.getByRole("button", { name: "Execute" }).click();
    const live = departments.locator(".live-responses-table .response").first();
    await live.waitFor();
    assert.match(await live.innerText(), /Klima- og miljødepartementet/);
  }));

test("the page of the locks' API lists its operations", () =>
  visit("/api/locks/docs", async (page) => {
    await page.locator(".opblock").first().waitFor();
    assert.ok((await page.locator(".opblock").count()) >= 4);
    assert.ok(await page.getByText("/api/locks/{id}/heartbeat").first().isVisible());
  }));

test("an uploaded drawing shows in a page, and its script is gone", () =>
  visit("/", async (page) => {
    const url = await uploadDrawing(page);
    const [width, ran] = await page.evaluate(async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      return [image.naturalWidth, globalThis.ran];
    }, url);
    assert.deepEqual([width, ran], [40, undefined]);
  }));

test("an uploaded drawing is a download when it is opened by itself", () =>
  visit("/", async (page, complaints) => {
    const url = await uploadDrawing(page);
    const download = page.waitForEvent("download");
    await page.evaluate((target) => {
      location.href = target;
    }, url);
    assert.match((await download).suggestedFilename(), /\.svg$/);
    // A page that was asked for and became a download: the browser calls that aborted.
    assert.deepEqual(complaints.splice(0), [`${base}${url}: net::ERR_ABORTED`]);
  }));

test("the client's pages run no script but files, and may style in place and show what is made", () =>
  visit("/", async (page, complaints) => {
    const seen = await page.evaluate(async () => {
      const paragraph = document.createElement("p");
      paragraph.setAttribute("style", "text-align: center");
      document.body.append(paragraph);
      const image = new Image();
      const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="4"/>';
      image.src = URL.createObjectURL(new Blob([drawing], { type: "image/svg+xml" }));
      await image.decode();
      return [getComputedStyle(paragraph).textAlign, image.naturalHeight];
    });
    assert.deepEqual(seen, ["center", 4]);
    assert.deepEqual(complaints, []);
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.ran = true";
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    assert.match(complaints.join(), /Content Security Policy/);
    complaints.length = 0;
  }));

async function signIn(page, email) {
  const answer = await page.request.post(addressOf("/api/auth/login"), {
    data: { email, password: PASSWORD },
  });
  assert.equal(answer.status(), 200, email);
  return (await answer.json()).token;
}

async function uploadDrawing(page) {
  const token = await signIn(page, "fag.kld@test.no");
  const drawing =
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" onload="ran=1">' +
    '<script>globalThis.ran = 1; top.ran = 1</script><rect width="40" height="30"/></svg>';
  const answer = await page.request.post(addressOf("/api/uploads/image"), {
    headers: { authorization: `Bearer ${token}` },
    multipart: {
      file: { name: "figur.svg", mimeType: "image/svg+xml", buffer: Buffer.from(drawing) },
    },
  });
  assert.equal(answer.status(), 200, await answer.text());
  return (await answer.json()).url;
}

// Runs in the page: texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3).
function findPoorContrast() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = (colours) => {
    const [red, green, blue] = paint(colours).map((byte) => {
      const part = byte / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgrounds = (element) => {
    const all = [];
    for (let at = element; at; at = at.parentElement) {
      all.unshift(getComputedStyle(at).backgroundColor);
    }
    return ["white", ...all];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!hasText || !element.checkVisibility()) continue;
    const behind = backgrounds(element);
    const [one, other] = [
      luminance([...behind, getComputedStyle(element).color]),
      luminance(behind),
    ].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) poor.push(`${contrast.toFixed(2)}: ${element.textContent.trim()}`);
  }
  return poor;
}
