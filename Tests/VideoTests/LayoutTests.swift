import Foundation
import Testing

@testable import Video

@Suite("A layout") struct LayoutTests {
  let scratch = try? Scratch()

  private func ids(
    _ path: String, _ split: Manifest.Split = .train, layout: DatasetLayout = .auto, list: Int = 1
  ) throws -> [String] {
    try Manifest(reading: path, split: split, seed: 1, layout: layout, list: list)
      .samples.map(\.id).sorted()
  }

  private func reason(_ path: String, _ layout: DatasetLayout = .auto, list: Int = 1) -> String? {
    error { () throws(VideoError) in
      _ = try Manifest(reading: path, split: .train, seed: 1, layout: layout, list: list)
    }?.description
  }

  @Test("of UCF101 has three pairs of lists")
  func ucf() throws {
    let scratch = try #require(scratch)
    for group in 1...3 { try scratch.write("UCF-101/Walk/v_Walk_g0\(group)_c01.avi") }
    for list in 1...3 {
      let others = (1...3).filter { $0 != list }.map { "Walk/v_Walk_g0\($0)_c01.avi 1\r\n" }
      try scratch.write("ucfTrainTestlist/trainlist0\(list).txt", others.joined())
      try scratch.write(
        "ucfTrainTestlist/testlist0\(list).txt", "Walk/v_Walk_g0\(list)_c01.avi\r\n")
    }
    for list in 1...3 {
      #expect(try ids(scratch.root, .test, list: list) == ["Walk/v_Walk_g0\(list)_c01.avi"])
      #expect(try ids(scratch.root, list: list).count == 2)
    }
    #expect(try DatasetLayout.recognise(scratch.root) == .ucf101)
    #expect(try ids(scratch.root, layout: .folder).count == 3)
    let lists = ["trainlist01.txt", "testlist01.txt"].map { scratch.path("ucfTrainTestlist/" + $0) }
    let official = try String(contentsOfFile: lists[1], encoding: .utf8)
    try scratch.write("ucfTrainTestlist/testlist01.txt", official + "Walk/v_Walk_g02_c01.avi\r\n")
    let twice = #expect(throws: VideoError.self) { try ids(scratch.root, .all) }
    #expect(
      twice?.description
        == lists[1] + ": lists 'Walk/v_Walk_g02_c01.avi', which trainlist01.txt lists, too")
    try scratch.write("ucfTrainTestlist/testlist01.txt", official)
    // The folder of videos alone has its lists beside it, as the official archives are unpacked.
    let elsewhere = scratch.path("elsewhere")
    try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
    for (name, target) in [("UCF-101", "../UCF-101"), ("ucf", "../UCF-101")] {
      try FileManager.default.createSymbolicLink(
        atPath: elsewhere + "/" + name, withDestinationPath: target)
    }
    let spellings = ["UCF-101", "UCF-101/", "UCF-101/.", "elsewhere/UCF-101", "elsewhere/ucf"]
    for folder in spellings.map(scratch.path) {
      #expect(try ids(folder, .test, list: 2) == ["Walk/v_Walk_g02_c01.avi"])
      #expect(try ids(folder, list: 2).count == 2)
    }
  }

  @Test("of HMDB51 has codes, and names that shells stumble over")
  func hmdb() throws {
    let scratch = try #require(scratch)
    let names = [
      "#122_Cleaning_Up_[x]_(1)!&_pick_f_nm_np1_fr_bad_0.avi",
      "A Film_pick_u_cm_np2_le_goo_11.avi", "A Film_pick_u_cm_np2_le_goo_12.avi",
      "unlisted_pick_u_cm_np2_le_goo_1.avi",
    ]
    for name in names { try scratch.write("hmdb51_org/pick/" + name) }
    try scratch.write("hmdb51_org/wave/Other_wave_u_cm_np1_ba_med_0.avi")
    for list in 1...3 {
      let code = list == 3 ? 2 : 1
      try scratch.write(
        "testTrainMulti_7030_splits/pick_test_split\(list).txt",
        "\(names[0]) \(code) \r\n\(names[1]) 2 \r\n\(names[2]) 0 \r\n")
      try scratch.write(
        "testTrainMulti_7030_splits/wave_test_split\(list).txt",
        "Other_wave_u_cm_np1_ba_med_0.avi 1\n")
    }
    #expect(try DatasetLayout.recognise(scratch.root) == .hmdb51)
    #expect(try DatasetLayout.recognise(scratch.path("hmdb51_org")) == .hmdb51)
    let wave = "wave/Other_wave_u_cm_np1_ba_med_0.avi"
    #expect(try ids(scratch.root) == ["pick/" + names[0], wave])
    #expect(try ids(scratch.root, .test) == ["pick/" + names[1]])
    #expect(try ids(scratch.root, .test, list: 3).count == 2)
    let all = try Manifest(reading: scratch.root, split: .all, seed: 1)
    let groups = Dictionary(uniqueKeysWithValues: all.samples.map { ($0.id, $0.group) })
    #expect(groups["pick/" + names[0]] == "#122_Cleaning_Up_[x]_(1)!&")
    #expect(groups["pick/" + names[1]] == "A Film" && groups[wave] == "Other")

    let list = "testTrainMulti_7030_splits/wave_test_split1.txt"
    try scratch.write(list, "Other_wave_u_cm_np1_ba_med_0.avi 1\nother.avi 7\n")
    #expect(reason(scratch.root)?.contains("wave_test_split1.txt: line 2: the code is '7'") == true)
    try scratch.write(list, "\nno-code.avi\n")
    #expect(reason(scratch.root)?.contains("line 2: 'no-code.avi' has no code") == true)
    try scratch.write(list, "gone [1].avi 1\n")
    #expect(reason(scratch.root)?.contains("line 1: 'wave/gone [1].avi' is listed") == true)
  }

  @Test("of Kinetics has tables of clips, of which some are gone")
  func kinetics() throws {
    let scratch = try #require(scratch)
    try scratch.write("playing trumpet/0abcdefghi-_000010_000020.mp4")
    try scratch.write("playing trumpet/-abcdefghij_000100_000110.mp4")
    try scratch.write("val/flat_cdefgh_000007_000017.mp4")
    try scratch.write(
      "train.csv",
      "label,youtube_id,time_start,time_end,split\r\n"
        + "\"playing trumpet\",0abcdefghi-,10,20,train\r\n"
        + "playing trumpet,goneabcdefg,1,11,train\r\n"
        + "playing trumpet,-abcdefghij,100.0,110.0,train\r\n")
    try scratch.write(
      "annotations/validate.csv",
      "label,youtube_id,time_start,time_end,split\n\"saying \"\"hi\"\", twice\",flat_cdefgh,7,17,val\n"
    )
    #expect(try DatasetLayout.recognise(scratch.root) == .kinetics)
    #expect(
      try ids(scratch.root) == [
        "playing trumpet/-abcdefghij_000100_000110.mp4",
        "playing trumpet/0abcdefghi-_000010_000020.mp4",
      ])
    let test = try Manifest(reading: scratch.root, split: .test, seed: 1).samples
    #expect(test.map(\.id) == ["saying \"hi\", twice/flat_cdefgh_000007_000017.mp4"])
    #expect(test.map(\.group) == ["flat_cdefgh"])
    #expect(test.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })

    try scratch.write(
      "train.csv", "label,youtube_id,time_start,time_end\na,0abcdefghi-,10,20\nb,x,soon,2\n")
    #expect(reason(scratch.root)?.contains("train.csv: line 3: time_start is 'soon'") == true)
    try scratch.write("train.csv", "label,youtube_id,time_start,time_end\na,0abcdefghi-\n")
    #expect(reason(scratch.root)?.contains("train.csv: line 2: has 2 columns") == true)
    // A table that lacks a column is no other file.
    try scratch.write("train.csv", "label,youtube_id,time_start\na,0abcdefghi-,10\n")
    #expect(
      reason(scratch.root)?.contains("train.csv: line 1: there is no column 'time_end'") == true)
    try scratch.write("train.csv", "name,count\na,1\n")
    #expect(try Manifest(reading: scratch.root, split: .test, seed: 1).samples.count == 1)
  }

  @Test("of Kinetics is not divided where no table says how")
  func undividedKinetics() throws {
    let scratch = try #require(scratch)
    try scratch.write("a/0abcdefghi-_000010_000020.mp4")
    try scratch.write("b/-abcdefghij_000100_000110.mp4")
    let head = "label,youtube_id,time_start,time_end\n"
    try scratch.write(
      "all.csv", head + "a,0abcdefghi-,10,20\nb,-abcdefghij,100,110\n")
    let both = ["a/0abcdefghi-_000010_000020.mp4", "b/-abcdefghij_000100_000110.mp4"]
    #expect(try ids(scratch.root) == both)
    #expect(try ids(scratch.root, .all) == both)
    // Beside a table that says what is train, the neutral one adds nothing to train.
    try scratch.write("train.csv", head + "b,-abcdefghij,100,110\n")
    #expect(try ids(scratch.root) == [both[1]])
    #expect(try ids(scratch.root, .all) == [both[1]])
  }

  @Test("refuses another list than the first where there is only one")
  func lists() throws {
    let scratch = try #require(scratch)
    try scratch.write("a/x.mp4")
    let list = try scratch.write("list.txt", "a/x.mp4\n")
    for path in [scratch.root, list] {
      let failure = error { () throws(VideoError) in
        _ = try Manifest(reading: path, split: .all, seed: 1, list: 2)
      }
      #expect(failure?.fault == .setting && failure?.reason.contains("(--list) is 2") == true)
    }
    let absent = error { () throws(VideoError) in
      _ = try Manifest(reading: scratch.path("absent"), split: .all, seed: 1)
    }
    #expect(absent?.fault == .missing)
  }

  @Test("of a list takes paths as they are, and says which line makes no sense")
  func list() throws {
    let scratch = try #require(scratch)
    try scratch.write("a/x.mp4")
    let list = try scratch.write(
      "list.txt", "a/x.mp4\r\n./b/odd name.avi 3\n\(scratch.path("a/x.mp4"))\n\na/x.mp4 0\n")
    #expect(try DatasetLayout.recognise(list) == .list)
    #expect(
      try ids(list) == [scratch.path("a/x.mp4"), "./b/odd name.avi", "a/x.mp4"].sorted())
    try scratch.write("list.txt", "a/x.mp4\nreadme\n")
    #expect(reason(list)?.contains("list.txt: line 2: 'readme'") == true)
    try scratch.write("list.txt", "\n")
    #expect(reason(list)?.contains("empty") == true)
  }

  @Test("knows the footage of a clip where its name tells it")
  func groups() {
    #expect(SourceGroup.of("Walk/v_Walk_g08_c01.avi") == "Walk/g08")
    #expect(SourceGroup.of("v_Walk_g08_c01.avi") == "g08")
    #expect(SourceGroup.of("wave/20060723_x_wave_f_nm_np1_ba_med_0.avi") == "20060723_x")
    #expect(SourceGroup.of("a/holiday.mp4") == nil && SourceGroup.of("") == nil)
    #expect(SourceGroup.of("a/0abcdefghi-_000010_00002x.mp4") == nil)
  }

  @Test("keeps names that are no UTF-8, that hold line ends, or that only look the same")
  func names() throws {
    let scratch = try #require(scratch)
    for bytes: [UInt8] in [
      Array("new\nline\t.mp4".utf8), [0x61, 0xFF, 0xFE, 0x2E, 0x6D, 0x70, 0x34],
      Array("e\u{301}.mp4".utf8), Array("\u{E9}.mp4".utf8), Array("-rf \"'\\.mp4".utf8),
      Array("\u{10FEFF}.mp4".utf8),
    ] {
      let name = FileName.text(of: bytes)
      #expect(FileName.bytes(of: name) == bytes)
      #expect(FileName.unescaped(FileName.escaped(name)).map(FileName.bytes) == bytes)
      let file = unsafe open(FileName.cString(scratch.path(name)), O_CREAT | O_WRONLY, 0o600)
      #expect(file >= 0)
      close(file)
    }
    let samples = try Manifest(reading: scratch.root, split: .train, seed: 1).samples
    #expect(
      Set(samples.map(\.id)) == [
        "-rf \"'\\\\.mp4", "a\\xff\\xfe.mp4", "e\u{301}.mp4", "new\\nline\\t.mp4",
        "\\xc3\\xa9.mp4", "\\xf4\\x8f\\xbb\\xbf.mp4",
      ])
    let records = try Manifest.records(of: scratch.root, list: 1, seed: 1)
    let table = scratch.path("table.tsv")
    for order in [records, records.reversed()] {
      try ManifestFile.data(order, in: scratch.root).write(to: URL(fileURLWithPath: table))
      let read = try ManifestFile.read(table)
      #expect(read.map { Array($0.id.utf8) } == order.map { Array($0.id.utf8) })
    }
    try FileManager.default.removeItem(atPath: table)
    for sample in samples {
      let failure = error { () throws(VideoError) in _ = try VideoReader(opening: sample) }
      #expect(failure?.reason == "the file is empty", "\(sample.id)")
      #expect(failure?.description.contains("\n") == false)
    }
  }

  @Test("of a manifest is read back as it was written, and wrong cells are named")
  func manifest() throws {
    let scratch = try #require(scratch)
    var record = VideoRecord(
      id: "Walk/v_Walk_g08_c01.avi", path: scratch.path("Walk/a\tb\\.avi"), bytes: 512..<1512,
      part: .test)
    record.size = 1000
    record.modified = 17
    record.status = .short
    record.reason = "cut\noff"
    record.hash = "00ff"
    record.content = VideoRecord.Content(
      frameCount: 40, rate: 25, size: PixelSize(width: 162, height: 122), rotation: "90m",
      codec: "mpeg4", keyFrames: [0, 12])
    var bad = VideoRecord(id: "b.avi", path: "/elsewhere/b.avi")
    bad.status = .quarantined
    let data = ManifestFile.data([record, bad], in: scratch.root)
    let path = scratch.path("m.tsv")
    try data.write(to: URL(fileURLWithPath: path))
    #expect(try ManifestFile.read(path) == [record, bad])
    #expect(try ids(path, .test) == [record.id])
    #expect(try ids(path, .all) == [record.id])
    let text = String(decoding: data, as: UTF8.self)
    #expect(
      text.contains("\tWalk/a\\tb\\\\.avi\t512\t1000\t17\ttest\tWalk/g08\tshort\tcut\\noff\t40\t"))

    for (from, to, reason) in [
      ("\ttest\t", "\tboth\t", "line 2: split is 'both', and must be train, test, unused, whole"),
      ("\t40\t", "\tmany\t", "line 2: frames is 'many', and must be a whole number"),
      ("0,12", "0,99", "line 2: key_frames is '0,99', and must be frames below 40"),
      ("id\t", "name\t", "the path"), ("b.avi\t", "Walk/v_Walk_g08_c01.avi\t", "is there twice"),
    ] {
      try scratch.write("wrong.tsv", text.replacing(from, with: to))
      let message = self.reason(scratch.path("wrong.tsv"), .manifest)
      if from == "id\t" {
        #expect(message?.contains("there is no column 'id'") == true, "\(message ?? "")")
      } else {
        #expect(message?.contains(reason) == true, "\(message ?? "")")
      }
    }
    try scratch.write("cut.tsv", String(text.dropLast(30)))
    #expect(ManifestFile.salvage(scratch.path("cut.tsv")) == [record])
  }
}
