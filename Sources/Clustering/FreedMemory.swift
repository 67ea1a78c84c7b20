internal import CPanels

/// What becomes of memory that is freed.
public enum FreedMemory {
  /// Gives blocks of a megabyte or more back to the machine as soon as they are freed, from now on, in
  /// the whole process.
  ///
  /// The C library would keep those below 32 MB once it has seen one freed, and the peak of a program
  /// that takes and lets go of arrays as large as its input would be higher for it. For commands that
  /// take few large blocks; where many come and go, taking them anew costs time.
  public static func releaseAtOnce() { cpanels_release_at_once() }
}
