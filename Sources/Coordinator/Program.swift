/// What this program calls itself.
public enum Program {
  /// The version, as in the change log.
  public static let version = "0.1.0"
}
