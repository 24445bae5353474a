import { afterEach, describe, expect, test, vi } from "vitest";
import { Api, ApiError, errorText } from "../src/api/rest.ts";

afterEach(() => vi.unstubAllGlobals());

function answering(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const fetcher = vi.fn(async () => new Response(body === null ? null : JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", fetcher);
  return fetcher;
}

describe("errors of the REST interface", () => {
  test.each([
    [{ type: "validation_error", errors: [{ code: "max_value", detail: "Too high.", attr: "max_tokens" }] }, "max tokens: Too high."],
    [{ type: "client_error", errors: [{ code: "not_found", detail: "Not found.", attr: null }] }, "Not found."],
    [{ detail: "Not found." }, "Not found."],
    [{ temperature: ["Too hot.", "Really."] }, "temperature: Too hot. Really."],
    [null, "The server answered 500."],
    ["nonsense", "The server answered 500."],
  ])("%j reads as text", (body, text) => {
    expect(errorText(500, body)).toBe(text);
  });
});

describe("requests", () => {
  test("carry the CSRF token when they change something", async () => {
    document.cookie = "csrftoken=abc%3D";
    const fetcher = answering(200, { id: "s" });
    await new Api("/ai-chat/api/", () => {}).updateSession("s", { title: "x" });
    expect(fetcher).toHaveBeenCalledWith(
      "/ai-chat/api/sessions/s/",
      expect.objectContaining({
        method: "PATCH",
        body: '{"title":"x"}',
        headers: expect.objectContaining({ "X-CSRFToken": "abc=" }),
      }),
    );
  });

  test("tell when the login has ended", async () => {
    answering(401, { detail: "No." });
    const loggedOut = vi.fn();
    await expect(new Api("/", loggedOut).models()).rejects.toThrow("No.");
    expect(loggedOut).toHaveBeenCalledOnce();
  });

  test("that reach no server say so", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("Failed to fetch")));
    await expect(new Api("/", () => {}).models()).rejects.toMatchObject({ status: 0, message: /cannot be reached/ });
    expect(new ApiError(0, "x")).toBeInstanceOf(Error);
  });
});
