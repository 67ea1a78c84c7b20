import Testing

@testable import Collective

@Suite struct LaunchTests {
  @Test(
    arguments: [
      ([:], nil),
      (["OMPI_COMM_WORLD_LOCAL_SIZE": "3"], 3),
      (["MPI_LOCALNRANKS": "2"], 2),
      (["SLURM_STEP_TASKS_PER_NODE": "8(x2),4", "SLURM_NODEID": "0"], 8),
      (["SLURM_STEP_TASKS_PER_NODE": "8(x2),4", "SLURM_NODEID": "1"], 8),
      (["SLURM_STEP_TASKS_PER_NODE": "8(x2),4", "SLURM_NODEID": "2"], 4),
      (["SLURM_STEP_TASKS_PER_NODE": "8(x2),4", "SLURM_NODEID": "3"], nil),
      (["SLURM_STEP_TASKS_PER_NODE": "16", "SLURM_NODEID": "0"], 16),
      (["SLURM_STEP_TASKS_PER_NODE": "many", "SLURM_NODEID": "0"], nil),
    ] as [([String: String], Int?)])
  func `A launcher tells how many ranks share a machine`(
    environment: [String: String], expected: Int?
  ) {
    #expect(Launch.ranksOfMachine(in: environment) == expected)
  }

  @Test(
    arguments: [
      ([:], nil),
      (["OMPI_COMM_WORLD_SIZE": "4"], 4),
      (["PMI_SIZE": "1"], 1),
      (["PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "8"], 8),
      // The shell of an allocation, not a task of it.
      (["SLURM_STEP_NUM_TASKS": "8", "SLURM_NTASKS": "8"], nil),
    ] as [([String: String], Int?)])
  func `A launcher tells how many ranks it started`(environment: [String: String], expected: Int?) {
    #expect(Launch.ranksOfJob(in: environment) == expected)
  }
}
