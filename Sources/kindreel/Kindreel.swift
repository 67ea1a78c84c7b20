@main
struct Kindreel {
  static func main() { print("kindreel") }
}
