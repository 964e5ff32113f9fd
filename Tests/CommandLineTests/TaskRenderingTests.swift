import CommandLine
import ControlProtocol
import SupervisorCore
import Testing

@Suite struct TaskRenderingTests {
    @Test(arguments: [("plain", Style()), ("colour", Style(hasColour: true)), ("narrow", Style(width: 60))])
    func `tasks are a table`(name: String, style: Style) throws {
        let result = TasksResult(tasks: TaskSamples.tasks, queues: [TaskSamples.queue("mail", paused: true)])
        try Golden.check("tasks-\(name)", TaskTable.text(result, showsAll: false, now: Samples.now, style: style))
    }

    @Test func `of many finished tasks the last are shown`() throws {
        let done = (UInt64(1)...30).map { id in
            TaskSamples.task(id, .done, ["true"]) {
                $0.startedAt = Samples.ago(2)
                $0.finishedAt = Samples.ago(1)
            }
        }
        let result = TasksResult(tasks: done + [TaskSamples.task(31, .queued)])
        let text = TaskTable.text(result, showsAll: false, now: Samples.now, style: Style())
        try Golden.check("tasks-many", text)
        #expect(
            TaskTable.text(result, showsAll: true, now: Samples.now, style: Style()).split(separator: "\n").count == 32)
    }

    @Test func `no tasks are said to be none`() throws {
        let empty = TasksResult(tasks: [], queues: [TaskSamples.queue("mail")])
        try Golden.check("tasks-empty", TaskTable.text(empty, showsAll: false, now: Samples.now, style: Style()))
    }

    @Test(arguments: [("plain", Style()), ("colour", Style(hasColour: true))])
    func `queues come after the instances`(name: String, style: Style) throws {
        let status = StatusResult(
            instances: [Samples.instance("web", .running, pid: 1, since: 1)], queues: TaskSamples.queues,
            daemon: Samples.daemon)
        try Golden.check("status-queues-\(name)", StatusTable.text(status, now: Samples.now, style: style))
    }

    @Test func `queues without instances are a status too`() {
        let status = StatusResult(instances: [], queues: TaskSamples.queues, daemon: Samples.daemon)
        #expect(StatusTable.text(status, now: Samples.now, style: Style()).hasPrefix("QUEUE"))
    }

    @Test func `what became of tasks is a line each`() throws {
        try Golden.check("task-outcomes", TaskText.outcomes(TaskSamples.tasks, style: Style()))
    }

    @Test(arguments: [("plain", Style()), ("colour", Style(hasColour: true))])
    func `a result tells why, when and what it wrote`(name: String, style: Style) throws {
        try Golden.check("task-result-\(name)", TaskText.text(TaskSamples.result, now: Samples.now, style: style))
    }

    @Test func `every state of a task has a result`() throws {
        let texts = TaskSamples.tasks.map { task in
            TaskText.text(TaskResult(task: task, events: [], output: []), now: Samples.now, style: Style())
        }
        try Golden.check("task-states", texts.joined(separator: "\n"))
    }
}
