// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// One settings array for every Swift target of the house.
///
/// `KINDREEL_STRICT=1` (set by `.ci/run`) turns warnings into errors; a user's newer compiler may
/// know warnings that we do not, so it is off elsewhere.
let strict: [SwiftSetting] =
  ProcessInfo.processInfo.environment["KINDREEL_STRICT"] == "1"
  ? [.treatAllWarnings(as: .error)] : []
let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + strict

/// A target of the house; `uses` are the arrows drawn in ARCHITECTURE.md, and they only go down.
func part(_ name: String, uses: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: uses, swiftSettings: settings)
}

/// The tests of one part: same name, same files.
func tests(of name: String, also uses: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: [.target(name: name)] + (name == "Tensors" ? [] : ["Tensors"]) + uses,
    swiftSettings: settings)
}

let package = Package(
  name: "kindreel",
  products: [.executable(name: "kindreel", targets: ["kindreel"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CLibAV", pkgConfig: "libavformat libavcodec libswscale libavutil",
      providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .target(
      name: "CKernels", dependencies: ["COneDNN"],
      cSettings: [.unsafeFlags(["-ffp-contract=off", "-Wall", "-Wextra"])],
      linkerSettings: [.linkedLibrary("dnnl")]),
    .target(
      name: "CPanels",
      cSettings: [.unsafeFlags(["-ffp-contract=off", "-Wall", "-Wextra"])]),

    .target(
      name: "CPixels",
      cSettings: [.unsafeFlags(["-ffp-contract=off", "-Wall", "-Wextra"])]),

    part("Tensors", uses: ["COpenBLAS", .product(name: "Crypto", package: "swift-crypto")]),
    part("WeightFiles", uses: ["Tensors"]),
    part("Video", uses: ["Tensors", "CLibAV", "CPixels"]),
    part("Model", uses: ["Tensors", "CKernels"]),
    part("Collective", uses: ["CMPI"]),
    part("Clustering", uses: ["Tensors", "CPanels"]),
    part("Retrieval", uses: ["Tensors"]),
    part("Worker", uses: ["Tensors", "Video", "Model", "Collective"]),
    part(
      "Coordinator",
      uses: [
        "Tensors", "WeightFiles", "Video", "Model", "Collective", "Clustering", "Retrieval",
        "Worker",
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "Yams", package: "Yams"),
      ]),
    .executableTarget(
      name: "kindreel",
      dependencies: [
        "Tensors", "Video", "Model", "Collective", "Clustering", "Retrieval", "Worker",
        "Coordinator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    tests(of: "Tensors"),
    tests(of: "WeightFiles"),
    tests(of: "Video", also: ["CPixels", "CLibAV"]),
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    tests(of: "Model", also: ["CKernels", "CAllocations"]),
    tests(of: "Collective"),
    tests(of: "Clustering", also: ["CPanels", "Collective"]),
    tests(of: "Retrieval"),
    tests(of: "Worker", also: ["Video", "Model", "Collective", "CAllocations"]),
    tests(
      of: "Coordinator",
      also: ["Video", "Model", "Collective", "Clustering", "Retrieval", "Worker"]),
  ]
)
