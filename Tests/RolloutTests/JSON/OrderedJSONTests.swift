import Foundation
import Rollout
import Testing

@Suite struct OrderedJSONTests {
  @Test func `keys keep their order and a second value takes the place of the first`() {
    var object = OrderedJSON()
    object.set("z", 1)
    object.set("a", true)
    object.set("z", "last")
    #expect(object.encoded() == #"{"z":"last","a":true}"#)
    #expect(object["z"] == .text("last"))
    #expect(object["b"] == nil)
  }

  @Test(arguments: [
    (0.1, "0.1"), (1.0, "1"), (-0.0, "-0"), (500.0, "500"), (1e16, "1e+16"), (1e-9, "1e-09"),
    (1.0 / 3.0, "0.3333333333333333"), (.leastNonzeroMagnitude, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
  ])
  func `a number is the shortest text that reads back`(value: Double, text: String) throws {
    var object = OrderedJSON()
    object.set("x", value)
    #expect(object.encoded() == "{\"x\":\(text)}")
    #expect(Double(text)?.bitPattern == value.bitPattern)
  }

  @Test func `a float is as short as a float can be`() {
    var object = OrderedJSON()
    object.set("x", Float(0.1))
    #expect(object.encoded() == #"{"x":0.1}"#)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `what is not finite becomes null`(value: Double) {
    var object = OrderedJSON()
    object.set("double", value)
    object.set("float", Float(value))
    #expect(object.encoded() == #"{"double":null,"float":null}"#)
  }

  @Test func `the largest integers are exact`() {
    var object = OrderedJSON()
    object.set("seed", UInt64.max)
    object.set("least", Int.min)
    #expect(object.encoded() == #"{"seed":18446744073709551615,"least":-9223372036854775808}"#)
  }

  @Test func `a missing value is null`() {
    var object = OrderedJSON()
    object.set("eval_return", Double?.none)
    object.set("best", Double?.some(2.5))
    #expect(object.encoded() == #"{"eval_return":null,"best":2.5}"#)
  }

  @Test func `strings are escaped so that JSONSerialization reads them back`() throws {
    let text = "quote \" slash \\ / tab \t line \n\r bell \u{7}\u{8}\u{C} é 漢 😀 \u{7F}"
    var object = OrderedJSON()
    object.set("key \"\n", text)
    let parsed = try JSONSerialization.jsonObject(with: Data(object.encoded().utf8))
    #expect(parsed as? [String: String] == ["key \"\n": text])
    #expect(JSONValue.quoted("\u{1}\u{1F}") == #""\u0001\u001f""#)
  }

  @Test func `pretty text has a key per line and lists on one`() {
    var inner = OrderedJSON()
    inner.set("shape", [1, 2])
    inner.set("none", OrderedJSON())
    var object = OrderedJSON()
    object.set("seed", 3)
    object.set("inner", inner)
    object.set("empty", [Int]())
    #expect(
      object.encoded(pretty: true) == """
        {
          "seed": 3,
          "inner": {
            "shape": [1, 2],
            "none": {}
          },
          "empty": []
        }
        """)
  }
}
